//! Where the linker put every symbol: its own map (`/lldmap`).

use std::collections::HashMap;

use super::build::Item;

/// Addresses by object and symbol.
#[derive(Debug, Default)]
pub struct LinkMap {
    by_object: HashMap<(String, String), u32>,
    by_symbol: HashMap<String, u32>,
}

impl LinkMap {
    /// Reads a map. Its lines are address, size, alignment, and then, indented more and
    /// more, output section, `object:(section)` and symbol.
    pub fn parse(text: &str) -> Self {
        const OBJECT: usize = 9 + 9 + 6 + 8;
        const SYMBOL: usize = OBJECT + 8;
        let mut map = LinkMap::default();
        let mut object = String::new();
        for line in text.lines().skip(1) {
            let (Some(address), Some(rest)) = (line.get(..8), line.get(OBJECT - 8..)) else {
                continue;
            };
            let indent = OBJECT - 8 + rest.len() - rest.trim_start().len();
            let Ok(rva) = u32::from_str_radix(address, 16) else {
                continue;
            };
            let word = rest.trim();
            if indent == OBJECT {
                let path = word.split(":(").next().unwrap_or(word);
                path.rsplit(['/', '\\'])
                    .next()
                    .unwrap_or(path)
                    .clone_into(&mut object);
            } else if indent >= SYMBOL {
                map.by_object.insert((object.clone(), word.to_owned()), rva);
                map.by_symbol.entry(word.to_owned()).or_insert(rva);
            }
        }
        map
    }

    /// Where an item is; `None` where the linker left it out.
    pub fn address_of(&self, item: &Item) -> Option<u32> {
        let local = item.names.iter().zip(&item.symbols);
        local.into_iter().find_map(|(name, key)| match name.object {
            Some(_) => self.by_object.get(key).copied(),
            None => self.by_symbol.get(&key.1).copied(),
        })
    }
}
