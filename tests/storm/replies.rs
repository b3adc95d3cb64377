//! What the server must reply, byte for byte (see target/server.c).

/// Versions of the server's code: the program, and its two patches.
pub const VERSIONS: usize = 3;

/// The reply of a version to `ECHO seq text`.
pub fn reply(version: usize, seq: u64, text: &[u8]) -> Vec<u8> {
    let head = ["old", "first", "second"][version];
    let tail = ["zero", "one", "two"][version];
    let body: Vec<u8> = match version {
        0 => text.iter().rev().copied().collect(),
        1 => text.to_vec(),
        _ => text.iter().map(|b| b ^ 1).collect(),
    };
    let sum = text.iter().fold(version as u32, |sum, &b| match version {
        0 => sum.wrapping_add(u32::from(b)),
        1 => sum.wrapping_mul(31).wrapping_add(u32::from(b)),
        _ => sum.rotate_left(5) ^ u32::from(b),
    });
    let mut reply = format!("{head} {seq} ").into_bytes();
    reply.extend(body);
    reply.extend(format!(" {sum} {tail} {}\n", text.len() + version).bytes());
    reply
}

/// Which version replied; `None` where none did, or several together.
pub fn version_of(found: &[u8], seq: u64, text: &[u8]) -> Option<usize> {
    (0..VERSIONS).find(|v| reply(*v, seq, text) == found)
}
