//! Which block of a file is the key: a file may have other text and other blocks around it,
//! as OpenSSL reads it.

use zeroize::Zeroizing;

use super::pem::KeyError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Characters in a line of Base64, as the decoder wants them.
const WIDTH: usize = 64;

/// A block, laid out as the decoder wants it.
pub struct Block {
    /// What it says it is: `PRIVATE KEY`.
    pub label: String,
    /// From `-----BEGIN` to the end of the line of `-----END`.
    pub text: Zeroizing<String>,
}

impl Block {
    /// Whether it is a private key, of whatever form.
    pub fn is_private(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// Whether it is a public key.
    pub fn is_public(&self) -> bool {
        self.label == "PUBLIC KEY"
    }
}

/// A file as text. What is around the block need not be UTF-8.
///
/// # Errors
/// Where it is UTF-16, which is named, or no text.
pub fn text(bytes: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let dashes = |from: usize| {
        bytes
            .iter()
            .skip(from)
            .step_by(2)
            .take(5)
            .all(|b| *b == b'-')
    };
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).take(5).all(|b| *b == 0);
    let wide = bytes.len() > 10 && ((dashes(0) && zeros(1)) || (dashes(1) && zeros(0)));
    if marked || wide {
        return Err(KeyError::Utf16);
    }
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let is_text = str::from_utf8(bytes).is_ok() || text.contains(BEGIN);
    is_text.then_some(text).ok_or(KeyError::NotText)
}

/// The blocks of a text in their order. One without its end is none.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for line in text.split(['\n', '\r']) {
        let line = line.trim_end();
        if let Some(label) = boundary(line, BEGIN) {
            open = Some((label, Vec::new()));
        } else if let Some(end) = boundary(line, END) {
            let block = open.take().filter(|(label, _)| *label == end);
            found.extend(block.map(|(label, lines)| lay_out(label, &lines)));
        } else if let Some((_, lines)) = &mut open {
            lines.push(line);
        }
    }
    found
}

fn boundary<'a>(line: &'a str, which: &str) -> Option<&'a str> {
    line.strip_prefix(which)?.strip_suffix(DASHES)
}

/// Lines of any length are read; anything but Base64 is left for the decoder to refuse.
fn lay_out(label: &str, lines: &[&str]) -> Block {
    let length: usize = lines.iter().map(|l| l.len()).sum();
    let frame = 2 * (label.len() + END.len() + DASHES.len() + 4);
    let mut text = Zeroizing::new(String::with_capacity(length + length / WIDTH + frame));
    text.push_str(BEGIN);
    text.push_str(label);
    text.push_str(DASHES);
    let characters = lines.iter().flat_map(|l| l.chars());
    let characters = characters.filter(|c| !c.is_ascii_whitespace());
    for (column, character) in characters.enumerate() {
        if column % WIDTH == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push('\n');
    text.push_str(END);
    text.push_str(label);
    text.push_str(DASHES);
    text.push('\n');
    Block {
        label: label.to_owned(),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::{PublicKey, SigningKey};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn private(seed: u8) -> String {
        key(seed).to_pem(None).unwrap().to_string()
    }

    fn read(text: &str) -> Result<PublicKey, KeyError> {
        SigningKey::from_pem(text, None).map(|key| key.public())
    }

    #[test]
    fn what_is_around_the_key_does_not_matter() {
        let pem = private(7);
        let bag = "Bag Attributes\n    friendlyName: release\nKey Attributes: <No Attributes>\n";
        let one_line = pem.trim_end().replace('\n', "");
        let one_line = one_line
            .replace("KEY-----M", "KEY-----\nM")
            .replace("-----END", "\n-----END");
        for around in [
            format!("\u{feff}{pem}"),
            format!("\n\n{pem}\n\n\n"),
            format!("{bag}{pem}written by hand\n"),
            format!("\r\n{}", pem.replace('\n', "\r\n")),
            pem.replace('\n', "  \n"),
            pem.trim_end().to_owned(),
            one_line,
        ] {
            assert_eq!(read(&around).unwrap(), key(7).public(), "{around:?}");
        }
    }

    #[test]
    fn the_block_with_the_label_that_is_needed_is_read() {
        let (private, public) = (private(7), key(7).public().to_pem());
        for both in [
            format!("{private}{public}"),
            format!("{public}{private}"),
            format!("{public}\n\n{private}"),
        ] {
            assert_eq!(read(&both).unwrap(), key(7).public());
            assert_eq!(PublicKey::from_pem(&both).unwrap(), key(7).public());
            let any = PublicKey::from_any_pem(&both, None).unwrap();
            assert_eq!(any, key(7).public());
        }
    }

    #[test]
    fn two_keys_of_one_kind_are_refused() {
        let two = format!("{}{}", private(7), private(8));
        let error = read(&two).unwrap_err().to_string();
        assert_eq!(error, "the file has 2 private keys: which one is meant?");
        assert!(PublicKey::from_any_pem(&two, None).is_err());
        let two = format!("{}{}", key(7).public().to_pem(), key(8).public().to_pem());
        let error = PublicKey::from_pem(&two).unwrap_err().to_string();
        assert_eq!(error, "the file has 2 public keys: which one is meant?");
    }

    #[test]
    fn the_public_key_of_another_private_key_is_refused() {
        let pair = format!("{}{}", private(7), key(8).public().to_pem());
        assert!(matches!(read(&pair), Err(KeyError::Pair)));
        let any = PublicKey::from_any_pem(&pair, None);
        assert!(matches!(any, Err(KeyError::Pair)));
    }

    #[test]
    fn utf16_is_named() {
        let wide = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
            let text = format!("{mark}{}", private(7));
            text.encode_utf16().flat_map(order).collect()
        };
        for bytes in [
            wide(u16::to_le_bytes, "\u{feff}"),
            wide(u16::to_be_bytes, "\u{feff}"),
            wide(u16::to_le_bytes, ""),
            wide(u16::to_be_bytes, ""),
        ] {
            assert!(matches!(text(&bytes), Err(KeyError::Utf16)));
        }
        assert!(matches!(text(&[0x30, 0x2e, 0xff]), Err(KeyError::NotText)));
        let latin = [b"friendlyName: \xfc\n", private(7).as_bytes()].concat();
        assert_eq!(read(&text(&latin).unwrap()).unwrap(), key(7).public());
    }

    #[test]
    fn a_block_without_its_end_is_none() {
        let pem = private(7);
        let cut = pem.split("-----END").next().unwrap();
        assert!(matches!(read(cut), Err(KeyError::Label { .. })));
        assert!(matches!(
            read(&format!("{cut}-----END PUBLIC KEY-----\n")),
            Err(KeyError::Label { .. })
        ));
    }
}
