//! Keys as PEM files that `openssl` reads and writes.
//!
//! | label | holds |
//! |---|---|
//! | `PRIVATE KEY` | PKCS#8 version 1 (RFC 5958 with no public key; RFC 8410 section 7) |
//! | `ENCRYPTED PRIVATE KEY` | the same, encrypted with PBES2 (RFC 8018) |
//! | `PUBLIC KEY` | SubjectPublicKeyInfo (RFC 8410 section 4) |
//!
//! Text and other blocks around the key do not matter (see `pem_blocks`).
//!
//! Version 2 of PKCS#8, which adds the public key, is read but never written: OpenSSL
//! 3.0 can't read it. Encryption is PBKDF2-HMAC-SHA-256 with 600,000 rounds and
//! AES-256-CBC; scrypt at today's cost exceeds the memory that OpenSSL allows it.

use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Document, SecretDocument};
use pkcs8::pkcs5::pbes2;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier,
    PrivateKeyInfoRef, SubjectPublicKeyInfoRef,
};
use zeroize::Zeroizing;

use super::keys::{PublicKey, SigningKey};
use super::pem_blocks::{Block, blocks};

/// The algorithm identifier of Ed25519: `1.3.101.112`, without parameters (RFC 8410).
pub(super) const ED25519: AlgorithmIdentifierRef<'static> = AlgorithmIdentifierRef {
    oid: ObjectIdentifier::new_unwrap("1.3.101.112"),
    parameters: None,
};

/// DER header of the 32-byte OCTET STRING inside the private key field.
const SEED_HEADER: [u8; 2] = [0x04, 0x20];

/// The label of an encrypted private key.
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

const PBKDF2_ROUNDS: u32 = 600_000;

/// Most rounds of PBKDF2 that are run: a few seconds of work.
const MAX_PBKDF2_ROUNDS: u32 = 5_000_000;

/// Most memory that scrypt may go through, in bytes (128 N r p): eight times what OpenSSL
/// allows it.
const MAX_SCRYPT: u128 = 256 << 20;

/// Why a key cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, or PEM with another label.
    #[error("expected PEM with the label {expected}, found {found}")]
    Label {
        /// The labels that would do.
        expected: &'static str,
        /// The label, or that there is none.
        found: String,
    },
    /// More than one key that would do.
    #[error("the file has {count} {kind} keys: which one is meant?")]
    Several {
        /// How many there are.
        count: usize,
        /// `private` or `public`.
        kind: &'static str,
    },
    /// A private key and a public one that is not its own.
    #[error("the file has a public key that is not the one of its private key")]
    Pair,
    /// Text in UTF-16.
    #[error(
        "the file is UTF-16 text (as > writes in Windows PowerShell 5): write it as ASCII or \
         UTF-8 (Set-Content -Encoding ascii)"
    )]
    Utf16,
    /// No text at all.
    #[error("the file is no text, so it is no key in PEM (DER? openssl pkey -inform DER reads it)")]
    NotText,
    /// The contents of the PEM can't be decoded.
    #[error("the key is damaged: {0}")]
    Encoding(String),
    /// A key of another algorithm.
    #[error("expected an Ed25519 key (1.3.101.112), found algorithm {0}")]
    Algorithm(String),
    /// The public key is no usable point, or isn't the one of the private key.
    #[error("the public key is not a usable Ed25519 key")]
    Point,
    /// The key is encrypted and no passphrase was given.
    #[error("the private key is encrypted and no passphrase was given")]
    PassphraseNeeded,
    /// The passphrase doesn't fit, or the key is damaged.
    #[error("the private key cannot be decrypted: wrong passphrase, or a damaged file")]
    Decrypt,
    /// The file asks for more work than any honest key does.
    #[error("decrypting the key would cost too much: {0}")]
    Cost(String),
    /// A passphrase without characters.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The operating system gave no random numbers.
    #[error("no random numbers from the operating system")]
    Random(#[source] getrandom::Error),
}

/// The one block of a text that fits.
fn only(
    text: &str,
    fits: fn(&Block) -> bool,
    kind: &'static str,
    expected: &'static str,
) -> Result<Block, KeyError> {
    let (mut fitting, others): (Vec<Block>, Vec<Block>) = blocks(text).into_iter().partition(fits);
    match (fitting.len(), fitting.pop()) {
        (1, Some(block)) => Ok(block),
        (0, _) | (_, None) => {
            let found = others.first().map(|block| format!("{:?}", block.label));
            let found = found.unwrap_or_else(|| "no PEM".to_owned());
            Err(KeyError::Label { expected, found })
        }
        (count, _) => Err(KeyError::Several { count, kind }),
    }
}

fn encoding(error: impl std::fmt::Display) -> KeyError {
    KeyError::Encoding(error.to_string())
}

/// The public key of a text with a private key, a public key, or both.
pub(super) fn read_any(text: &str, passphrase: Option<&[u8]>) -> Result<PublicKey, KeyError> {
    let found = blocks(text);
    let has = |fits: fn(&Block) -> bool| found.iter().any(fits);
    if has(Block::is_private) && !(has(Block::is_public) && has(is_encrypted)) {
        return read_private(text, passphrase).map(|key| key.public());
    }
    read_public(text)
}

fn is_encrypted(block: &Block) -> bool {
    block.label == ENCRYPTED
}

pub(super) fn read_public(text: &str) -> Result<PublicKey, KeyError> {
    let block = only(text, Block::is_public, "public", "\"PUBLIC KEY\"")?;
    let text = block.text.as_str();
    let (_, der) = Document::from_pem(text).map_err(encoding)?;
    let spki: SubjectPublicKeyInfoRef<'_> = der.decode_msg().map_err(encoding)?;
    require_ed25519(&spki.algorithm)?;
    let bytes = spki.subject_public_key.as_bytes().unwrap_or_default();
    let bytes = bytes.try_into().map_err(|_| KeyError::Point)?;
    PublicKey::from_bytes(bytes).ok_or(KeyError::Point)
}

pub(super) fn write_public(key: &PublicKey) -> String {
    Document::try_from(key.to_spki_der())
        .and_then(|der| der.to_pem("PUBLIC KEY", LineEnding::LF))
        .expect("a fixed structure of 44 bytes")
}

pub(super) fn read_private(text: &str, passphrase: Option<&[u8]>) -> Result<SigningKey, KeyError> {
    let expected = "\"PRIVATE KEY\" or \"ENCRYPTED PRIVATE KEY\"";
    let block = only(text, Block::is_private, "private", expected)?;
    let key = match block.label.as_str() {
        "PRIVATE KEY" => {
            let (_, der) = SecretDocument::from_pem(&block.text).map_err(encoding)?;
            decode_private(der.as_bytes())?
        }
        ENCRYPTED => decrypt(&block.text, passphrase.ok_or(KeyError::PassphraseNeeded)?)?,
        other => {
            let found = format!("{other:?}");
            return Err(KeyError::Label { expected, found });
        }
    };
    // A public key beside it need not be there; another one than its own is a mistake.
    match read_public(text) {
        Ok(public) if public != key.public() => Err(KeyError::Pair),
        _ => Ok(key),
    }
}

fn decrypt(text: &str, passphrase: &[u8]) -> Result<SigningKey, KeyError> {
    let (_, der) = SecretDocument::from_pem(text).map_err(encoding)?;
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der.as_bytes()).map_err(encoding)?;
    limit_cost(&encrypted.encryption_algorithm)?;
    let plain = encrypted
        .decrypt(passphrase)
        .map_err(|_| KeyError::Decrypt)?;
    // A wrong passphrase leaves valid padding once in 256 times, and then noise.
    decode_private(plain.as_bytes()).map_err(|error| match error {
        KeyError::Encoding(_) => KeyError::Decrypt,
        other => other,
    })
}

/// The file says how much work its decryption is; somebody else may have written it.
fn limit_cost(scheme: &pkcs8::pkcs5::EncryptionScheme) -> Result<(), KeyError> {
    let Some(kdf) = scheme.pbes2().map(|parameters| &parameters.kdf) else {
        return Ok(());
    };
    if let Some(pbkdf2) = kdf.pbkdf2()
        && pbkdf2.iteration_count > MAX_PBKDF2_ROUNDS
    {
        let rounds = pbkdf2.iteration_count;
        return Err(KeyError::Cost(format!(
            "{rounds} rounds of PBKDF2, at most {MAX_PBKDF2_ROUNDS} are allowed"
        )));
    }
    if let Some(scrypt) = kdf.scrypt() {
        let [r, p] = [scrypt.block_size, scrypt.parallelization].map(u128::from);
        let n = scrypt.cost_parameter;
        if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
            return Err(KeyError::Cost(format!(
                "scrypt with N = {n}, r = {r} and p = {p}, which is no scrypt"
            )));
        }
        let bytes = 128 * r * p * u128::from(scrypt.cost_parameter);
        if bytes > MAX_SCRYPT {
            return Err(KeyError::Cost(format!(
                "scrypt over {bytes:#x} bytes, at most {MAX_SCRYPT:#x} are allowed"
            )));
        }
    }
    Ok(())
}

fn decode_private(der: &[u8]) -> Result<SigningKey, KeyError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(encoding)?;
    require_ed25519(&info.algorithm)?;
    let seed = info
        .private_key
        .as_bytes()
        .strip_prefix(&SEED_HEADER)
        .and_then(|seed| <&[u8; 32]>::try_from(seed).ok())
        .ok_or_else(|| encoding("the private key is not 32 bytes long"))?;
    let key = SigningKey::from_seed(seed);
    let public = info.public_key.map(|p| p.as_bytes().unwrap_or_default());
    if public.is_some_and(|p| p != key.public().as_bytes()) {
        return Err(KeyError::Point);
    }
    Ok(key)
}

fn require_ed25519(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<(), KeyError> {
    if algorithm.oid != ED25519.oid {
        return Err(KeyError::Algorithm(algorithm.oid.to_string()));
    }
    match algorithm.parameters {
        None => Ok(()),
        Some(_) => Err(encoding("an Ed25519 key has no parameters")),
    }
}

pub(super) fn write_private(
    key: &SigningKey,
    passphrase: Option<&[u8]>,
) -> Result<Zeroizing<String>, KeyError> {
    let mut field = Zeroizing::new([0; 34]);
    field[..2].copy_from_slice(&SEED_HEADER);
    field[2..].copy_from_slice(key.seed());
    let field = OctetStringRef::new(field.as_ref()).map_err(encoding)?;
    let plain =
        SecretDocument::encode_msg(&PrivateKeyInfoRef::new(ED25519, field)).map_err(encoding)?;
    let Some(passphrase) = passphrase else {
        return plain
            .to_pem("PRIVATE KEY", LineEnding::LF)
            .map_err(encoding);
    };
    if passphrase.is_empty() {
        return Err(KeyError::EmptyPassphrase);
    }
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    getrandom::fill(&mut salt).map_err(KeyError::Random)?;
    getrandom::fill(&mut iv).map_err(KeyError::Random)?;
    let scheme = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2_ROUNDS, &salt, iv)
        .map_err(encoding)?;
    let sealed = scheme
        .encrypt(passphrase, plain.as_bytes())
        .map_err(encoding)?;
    let encrypted = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: scheme.into(),
        encrypted_data: OctetStringRef::new(&sealed).map_err(encoding)?,
    };
    SecretDocument::encode_msg(&encrypted)
        .and_then(|der| der.to_pem(ENCRYPTED, LineEnding::LF))
        .map_err(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32])
    }

    #[test]
    fn what_is_written_can_be_read() {
        let plain = key().to_pem(None).unwrap();
        let read = SigningKey::from_pem(&plain, None).unwrap();
        assert_eq!(read.public(), key().public());
        let public = PublicKey::from_pem(&key().public().to_pem()).unwrap();
        assert_eq!(public, key().public());
    }

    #[test]
    fn windows_line_ends_do_no_harm() {
        let crlf = key().public().to_pem().replace('\n', "\r\n");
        assert_eq!(PublicKey::from_pem(&crlf).unwrap(), key().public());
    }

    #[test]
    fn a_passphrase_protects() {
        let pem = key().to_pem(Some(b"correct horse")).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert!(matches!(
            SigningKey::from_pem(&pem, None),
            Err(KeyError::PassphraseNeeded)
        ));
        assert!(matches!(
            SigningKey::from_pem(&pem, Some(b"wrong")),
            Err(KeyError::Decrypt)
        ));
        let read = SigningKey::from_pem(&pem, Some(b"correct horse")).unwrap();
        assert_eq!(read.public(), key().public());
        assert!(matches!(
            key().to_pem(Some(b"")),
            Err(KeyError::EmptyPassphrase)
        ));
    }

    fn encrypted_with(kdf: pbes2::Kdf) -> String {
        let scheme = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1, &[0; 16], [0; 16]);
        let mut scheme = scheme.unwrap();
        scheme.kdf = kdf;
        let encrypted = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: scheme.into(),
            encrypted_data: OctetStringRef::new(&[0; 48]).unwrap(),
        };
        let der = SecretDocument::encode_msg(&encrypted).unwrap();
        let pem = der.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF);
        pem.unwrap().to_string()
    }

    #[test]
    fn the_file_cannot_ask_for_any_amount_of_work() {
        let pbkdf2 = |rounds| pbes2::Pbkdf2Params::hmac_sha256(rounds, &[0; 16]).unwrap();
        let scrypt = |log_n, r, p| {
            let params = pkcs8::pkcs5::scrypt::Params::new(log_n, r, p).unwrap();
            pbes2::ScryptParams::from_params_and_salt(params, &[0; 16]).unwrap()
        };
        let no_scrypt = |n, r, p| {
            let mut params = scrypt(14, 8, 1);
            params.cost_parameter = n;
            params.block_size = r;
            params.parallelization = p;
            params
        };
        for absurd in [
            pbkdf2(MAX_PBKDF2_ROUNDS + 1).into(),
            pbkdf2(100_000_000).into(),
            scrypt(30, 8, 1).into(),
            scrypt(18, 8, 2).into(),
            scrypt(14, 8, 0x1000).into(),
            no_scrypt(0, 8, 1).into(),
            no_scrypt(1, 8, 1).into(),
            no_scrypt(0x4001, 8, 1).into(),
            no_scrypt(0x4000, 0, 1).into(),
            no_scrypt(0x4000, 8, 0).into(),
        ] {
            let read = SigningKey::from_pem(&encrypted_with(absurd), Some(b"x"));
            assert!(matches!(read, Err(KeyError::Cost(_))), "{read:?}");
        }
        for usual in [pbkdf2(2048).into(), scrypt(14, 8, 1).into()] {
            let read = SigningKey::from_pem(&encrypted_with(usual), Some(b"x"));
            assert!(matches!(read, Err(KeyError::Decrypt)), "{read:?}");
        }
    }

    #[test]
    fn private_keys_are_version_1() {
        let pem = key().to_pem(None).unwrap();
        let (_, der) = SecretDocument::from_pem(&pem).unwrap();
        // SEQUENCE of 46 bytes, INTEGER 0, the algorithm, OCTET STRING of 34 bytes: 48 in all.
        assert_eq!(der.as_bytes()[..5], [0x30, 0x2e, 0x02, 0x01, 0x00]);
        assert_eq!(der.as_bytes().len(), 48);
    }

    #[test]
    fn other_things_are_named_in_the_error() {
        let error = PublicKey::from_pem("hello").unwrap_err().to_string();
        assert_eq!(
            error,
            "expected PEM with the label \"PUBLIC KEY\", found no PEM"
        );
        let private = key().to_pem(None).unwrap();
        let error = PublicKey::from_pem(&private).unwrap_err().to_string();
        assert!(error.ends_with("found \"PRIVATE KEY\""), "{error}");
        // P-256, from `openssl ecparam -genkey` and `openssl pkey -pubout`.
        let p256 = "-----BEGIN PUBLIC KEY-----\n\
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n\
            6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n\
            -----END PUBLIC KEY-----\n";
        let error = PublicKey::from_pem(p256).unwrap_err().to_string();
        assert!(error.contains("1.2.840.10045.2.1"), "{error}");
    }
}
