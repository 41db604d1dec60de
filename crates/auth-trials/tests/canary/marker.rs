//! What must not be seen, and how it is recognised in every form that it may take.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// What a marker stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    ClientId,
    ClientSecret,
    AccountId,
    AccountSecret,
    IbmClientId,
    Token,
    Code,
    RefreshToken,
    /// Words of an answer: [`auth_core::Error::description`] may have them.
    Body,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::ClientId,
        Self::ClientSecret,
        Self::AccountId,
        Self::AccountSecret,
        Self::IbmClientId,
        Self::Token,
        Self::Code,
        Self::RefreshToken,
        Self::Body,
    ];

    /// The marker. It is made here, so that nothing in this file looks like a credential.
    pub(crate) fn value(self) -> &'static str {
        &VALUES[&self]
    }

    fn make(self) -> String {
        let part = |n: u64| letters(self as u64 * 10 + n, 12);
        match self {
            Self::ClientId | Self::AccountId | Self::IbmClientId => format!("{}-{}", part(0), part(1)),
            // What each encoding treats in its own way.
            Self::ClientSecret | Self::AccountSecret => format!("{}+{}/\"\\ %{}~", part(0), part(1), part(2)),
            // No error code has a blank, which would make one of it.
            Self::Body => format!("{} {}", part(0), part(1)),
            Self::Token | Self::Code | Self::RefreshToken => format!("{}{}{}", part(0), part(1), part(2)),
        }
    }

    /// An id may show its last four characters.
    fn is_id(self) -> bool {
        matches!(self, Self::ClientId | Self::AccountId | Self::IbmClientId)
    }
}

static VALUES: LazyLock<HashMap<Kind, String>> =
    LazyLock::new(|| Kind::ALL.into_iter().map(|kind| (kind, kind.make())).collect());

/// So many letters and digits that no other text has, the same at each run.
fn letters(seed: u64, many: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995;
    let next = |_| {
        // Steele, Lea, Flood: SplitMix.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        char::from(ALPHABET[((z ^ (z >> 31)) % ALPHABET.len() as u64) as usize])
    };
    (0..many).map(next).collect()
}

/// Each form of each marker, cut into pieces of [`SHORT`] or [`LONG`] characters: a part of a secret is a secret as well.
struct Pieces {
    pieces: HashMap<Box<[u8]>, Vec<Kind>>,
    /// Whether a piece begins with these two characters: most of a text is passed over by that.
    begins: Vec<bool>,
    tails: Vec<(String, Kind)>,
}

static PIECES: LazyLock<Pieces> = LazyLock::new(|| {
    let mut pieces: HashMap<Box<[u8]>, Vec<Kind>> = HashMap::new();
    let mut begins = vec![false; 1 << 16];
    for kind in Kind::ALL {
        let forms = forms(kind.value());
        let short = forms.dense.iter().flat_map(|form| cut(form, SHORT));
        let long = forms.sparse.iter().flat_map(|form| cut(form, LONG));
        for piece in short.chain(long) {
            begins[usize::from(u16::from_be_bytes([piece[0], piece[1]]))] = true;
            pieces.entry(piece).or_default().push(kind);
        }
    }
    let ids = Kind::ALL.into_iter().filter(|kind| kind.is_id());
    let tails = ids.map(|kind| (kind.value()[kind.value().len() - 5..].to_owned(), kind)).collect();
    Pieces { pieces, begins, tails }
});

fn cut(form: &str, length: usize) -> Vec<Box<[u8]>> {
    form.to_ascii_lowercase().as_bytes().windows(length).map(Box::from).collect()
}

/// The first marker that `text` has a piece of, of those that count.
pub(crate) fn find(text: &str, counts: impl Fn(Kind) -> bool) -> Option<Kind> {
    let Pieces { pieces, begins, tails } = &*PIECES;
    let lower = text.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        if begins[usize::from(u16::from_be_bytes([pair[0], pair[1]]))] {
            let of = |length| pieces.get(bytes.get(at..at + length)?)?.iter().find(|kind| counts(**kind));
            if let Some(kind) = of(SHORT).or_else(|| of(LONG)) {
                return Some(*kind);
            }
        }
    }
    tails.iter().find(|(tail, kind)| counts(*kind) && text.contains(tail.as_str())).map(|(_, kind)| *kind)
}

pub(crate) struct Forms {
    /// A character for a byte, or four for three.
    pub(crate) dense: Vec<String>,
    /// Two characters for a byte, or more.
    pub(crate) sparse: Vec<String>,
}

/// The forms that a server, a library or a format may give a text.
pub(crate) fn forms(value: &str) -> Forms {
    let percent = percent_encoded(value, |byte| byte.is_ascii_alphanumeric());
    let mut dense = vec![value.to_owned(), percent.clone(), percent.to_ascii_lowercase(), percent.replace("%20", "+")];
    dense.extend([format!("{value:?}"), serde_json::Value::from(value).to_string(), value.replace('/', "\\/")]);
    for whole in [value, &percent] {
        dense.extend((0..3).flat_map(|before| base64_within(whole, before)));
    }
    let bytes = value.bytes();
    let all = percent_encoded(value, |_| false);
    let sparse = vec![
        all.to_ascii_lowercase(),
        all,
        bytes.clone().map(|byte| format!("{byte:02x}")).collect(),
        bytes.clone().map(|byte| format!("{byte:02x} ")).collect(),
        bytes.clone().map(|byte| format!("\\x{byte:02x}")).collect(),
        bytes.clone().map(|byte| format!("{byte}, ")).collect(),
        bytes.map(|byte| format!("\\u{byte:04x}")).collect(),
    ];
    Forms { dense, sparse }
}

fn percent_encoded(value: &str, plain: impl Fn(u8) -> bool) -> String {
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(encode).collect()
}

/// What `value` looks like in both alphabets of base64 where so many bytes stand before it, and whatever stands behind.
fn base64_within(value: &str, before: usize) -> [String; 2] {
    let bytes = [vec![0; before], value.as_bytes().to_vec()].concat();
    let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)].map(|text| text[own.clone()].to_owned())
}

/// What servers make of `value` in their errors.
pub(crate) fn echoes(value: &str) -> Vec<String> {
    let percent = percent_encoded(value, |byte| byte.is_ascii_alphanumeric());
    let mut echoes = vec![value.to_owned(), percent.to_ascii_lowercase(), percent.replace("%20", "+"), percent];
    echoes.extend([&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|engine| engine.encode(value)));
    // A part of what was encoded as a whole.
    echoes.extend(["{", "{\"", "a=1&b="].map(|before| STANDARD.encode(format!("{before}{value}, and more"))));
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    echoes.extend([hex.to_ascii_uppercase(), hex]);
    let quoted = serde_json::Value::from(value).to_string();
    echoes.extend([quoted.replace('/', "\\/"), quoted]);
    echoes
}

const SHORT: usize = 8;
const LONG: usize = 12;

#[test]
fn watcher_finds_every_marker_in_every_form_and_a_part_of_it_too() {
    for kind in Kind::ALL {
        let value = kind.value();
        // Two secrets have the same special characters in their middle.
        let is_found = |text: &str| find(text, |found| found == kind).is_some();
        let Forms { dense, sparse } = forms(value);
        for form in dense.into_iter().chain(sparse).chain(echoes(value)) {
            assert!(is_found(&format!("before {form} after")), "{form}");
            let half: String = form.chars().skip(form.len() / 3).take(form.len() / 2).collect();
            assert!(is_found(&half), "half of {form}");
        }
        for before in ["", "a", "ab", "abc"] {
            let text = STANDARD.encode(format!("{before}{value}:behind"));
            assert!(is_found(&text), "{before} before");
        }
        let pair = STANDARD.encode(format!("{}:{value}", Kind::ClientId.value()));
        assert!(is_found(&pair), "{kind:?} in Basic");
        assert!(is_found(&value.to_uppercase()), "in another case");
    }
}

#[test]
fn watcher_lets_four_characters_of_an_id_pass_and_no_fifth() {
    for id in [Kind::ClientId, Kind::AccountId, Kind::IbmClientId] {
        let shown = |many: usize| id.value()[id.value().len() - many..].to_owned();
        assert_eq!(find(&format!("\"…{}\"", shown(4)), |_| true), None);
        assert_eq!(find(&format!("\"…{}\"", shown(5)), |_| true), Some(id));
    }
    assert_eq!(find("the client id is empty; expected the id the vendor issued", |_| true), None);
}
