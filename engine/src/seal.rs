//! [`Sealer`]: secrets under a key, as they may be written; [`DataKey`] is that key.
//!
//! XChaCha20-Poly1305. The nonce is not random but a keyed hash of what is sealed, so the same text under the same key and for the
//! same purpose is the same sealed text every time: a row that did not change does not change, and a sealed value of a configuration is
//! recognised in the records without the key (which is how a preview does without a passphrase). What that tells an onlooker is
//! that two values are equal, which the digests of a store tell too. A nonce is used twice for the same text only.
//!
//! The cipher's key, the key of the nonces and the name of the key are three hashes of the data key, for three purposes.
//! Where a data key comes from (a passphrase, KMS) is not known here.
//!
//! # The bytes
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | the name of the key |
//! | 24 | nonce: HMAC-SHA256 over purpose and text, cut |
//! | the text's and 16 | ciphertext and tag; the purpose is authenticated with it |

use std::fmt;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::RngCore as _;
use serde_json::{Value as Json, json};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::value::Value;

/// What every sealed text begins with; the digit is the version of the form.
const MARK: &str = "v1:";
const NAME: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// What single values are sealed for: those of a configuration and those of rows alike, so that one is recognised in the other.
const VALUE: &[u8] = b"formwork value v1";
/// What a document of its own is sealed for.
const DOCUMENT: &[u8] = b"formwork document v1";

/// The key under which the secrets of one stack are sealed: 32 bytes, gone from memory when it is dropped.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new one.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::rng().fill_bytes(bytes.as_mut());
        Self(bytes)
    }

    /// One that was kept; `None` unless it has 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The bytes: for wrapping them, and for nothing else.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its name: 16 hex digits that say which key it is and nothing about its bytes.
    pub fn id(&self) -> String {
        hex(&self.derived(b"formwork key name v1")[..NAME])
    }

    fn derived(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        keyed(&self.0[..], &[purpose])
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, bytes hidden)", self.id())
    }
}

/// Why something sealed cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is not in the form of what is sealed.
    #[error("it is not in the form of a sealed value")]
    Malformed,
    /// It was sealed with a key that is not at hand.
    #[error("it was sealed with the key {id}, which is not at hand")]
    OtherKey {
        /// The name of that key.
        id: String,
    },
    /// The key is the right one, and it is not what was sealed, or not for this purpose.
    #[error("it was sealed with the key {id} and was changed since")]
    Changed {
        /// The name of the key.
        id: String,
    },
}

/// Seals with one key, and opens what was sealed with it or with one that it has taken the place of.
#[derive(Clone)]
pub struct Sealer {
    // The current one first.
    keys: Arc<Vec<Key>>,
}

#[derive(Clone)]
struct Key {
    name: [u8; NAME],
    cipher: XChaCha20Poly1305,
    nonces: Zeroizing<[u8; 32]>,
}

impl Key {
    fn of(key: &DataKey) -> Self {
        let mut name = [0; NAME];
        name.copy_from_slice(&key.derived(b"formwork key name v1")[..NAME]);
        let cipher = XChaCha20Poly1305::new(key.derived(b"formwork cipher v1")[..].into());
        Self { name, cipher, nonces: key.derived(b"formwork nonces v1") }
    }
}

impl Sealer {
    /// Seals and opens with this key.
    pub fn new(key: &DataKey) -> Self {
        Self { keys: Arc::new(vec![Key::of(key)]) }
    }

    /// Opens also what was sealed with another key: one that this one takes the place of.
    #[must_use]
    pub fn opening(self, former: &DataKey) -> Self {
        let keys = self.keys.iter().cloned().chain([Key::of(former)]).collect();
        Self { keys: Arc::new(keys) }
    }

    /// The name of the key that it seals with.
    pub fn id(&self) -> String {
        self.keys.first().map(|key| hex(&key.name)).unwrap_or_default()
    }

    /// Seals bytes for a purpose; they open for the same purpose only.
    pub fn seal(&self, purpose: &[u8], plain: &[u8]) -> Vec<u8> {
        let Some(key) = self.keys.first() else { unreachable!("a sealer has a key") };
        let length = (plain.len() as u64).to_le_bytes();
        let hash = keyed(&key.nonces[..], &[purpose, &length, plain]);
        let nonce = XNonce::from_slice(&hash[..NONCE]);
        match key.cipher.encrypt(nonce, Payload { msg: plain, aad: purpose }) {
            Ok(sealed) => [&key.name[..], nonce, &sealed].concat(),
            Err(_) => unreachable!("XChaCha20-Poly1305 takes texts of up to 256 GiB"),
        }
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// When it is something else, or sealed with another key, or changed, or for another purpose.
    pub fn open(&self, purpose: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if sealed.len() < NAME + NONCE + TAG {
            return Err(OpenError::Malformed);
        }
        let (name, rest) = sealed.split_at(NAME);
        let (nonce, text) = rest.split_at(NONCE);
        let id = hex(name);
        let Some(key) = self.keys.iter().find(|key| key.name == name) else { return Err(OpenError::OtherKey { id }) };
        let opened = key.cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: text, aad: purpose });
        opened.map(Zeroizing::new).map_err(|_| OpenError::Changed { id })
    }

    /// Seals a text of a configuration: `v1:` and base64.
    pub fn seal_text(&self, text: &str) -> String {
        self.seal_value(&Value::from(text))
    }

    /// Opens a text of a configuration.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn open_text(&self, sealed: &str) -> Result<Zeroizing<String>, OpenError> {
        match self.open_value(sealed)? {
            Value::Text(text) => Ok(Zeroizing::new(text)),
            _ => Err(OpenError::Malformed),
        }
    }

    /// Seals a value, whatever of it is secret: `v1:` and base64 of its sealed JSON.
    pub fn seal_value(&self, value: &Value) -> String {
        let plain = Zeroizing::new(crate::digest::revealed(value).to_string());
        text(&self.seal(VALUE, plain.as_bytes()))
    }

    /// Opens a value; it is not marked as a secret.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn open_value(&self, sealed: &str) -> Result<Value, OpenError> {
        let plain = self.open(VALUE, &bytes(sealed)?)?;
        let json: Json = serde_json::from_slice(&plain).map_err(|_| OpenError::Malformed)?;
        Ok(Value::from_json(&json))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({}, key hidden)", self.id())
    }
}

/// The name of the key of a sealed text; `None` when it is not in the form of one.
pub fn key_of(sealed: &str) -> Option<String> {
    let bytes = bytes(sealed).ok()?;
    (bytes.len() >= NAME + NONCE + TAG).then(|| hex(&bytes[..NAME]))
}

/// A document sealed as a whole, such as an export of a state: `{"formwork_sealed": 1, "key": name, "sealed": text}`. Meant to leave the
/// machine: nothing of it can be read without the key.
pub fn document(sealer: &Sealer, plain: &Json) -> Json {
    let sealed = text(&sealer.seal(DOCUMENT, plain.to_string().as_bytes()));
    json!({ "formwork_sealed": 1, "key": sealer.id(), "sealed": sealed })
}

/// Whether a document is one that [`document`] made.
pub fn is_document(json: &Json) -> bool {
    json.get("formwork_sealed").is_some()
}

/// The document that was sealed by [`document`].
///
/// # Errors
/// When it is no sealed document, and as [`Sealer::open`].
pub fn open_document(sealer: &Sealer, document: &Json) -> Result<Json, OpenError> {
    let sealed = document.get("sealed").and_then(Json::as_str).filter(|_| is_document(document));
    let plain = sealer.open(DOCUMENT, &bytes(sealed.ok_or(OpenError::Malformed)?)?)?;
    serde_json::from_slice(&plain).map_err(|_| OpenError::Malformed)
}

fn text(sealed: &[u8]) -> String {
    format!("{MARK}{}", Base64UrlUnpadded::encode_string(sealed))
}

fn bytes(text: &str) -> Result<Vec<u8>, OpenError> {
    let coded = text.strip_prefix(MARK).ok_or(OpenError::Malformed)?;
    Base64UrlUnpadded::decode_vec(coded).map_err(|_| OpenError::Malformed)
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = match <Hmac<Sha256> as Mac>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of every length"),
    };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DataKey {
        DataKey::from_bytes(&[byte; 32]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_for_its_purpose_only() {
        let sealer = Sealer::new(&key(1));
        let sealed = sealer.seal(b"a", b"hunter2");
        assert_eq!(&sealer.open(b"a", &sealed).unwrap()[..], b"hunter2");
        assert_eq!(sealer.open(b"b", &sealed).unwrap_err(), OpenError::Changed { id: key(1).id() });
        let other = Sealer::new(&key(2));
        assert_eq!(other.open(b"a", &sealed).unwrap_err(), OpenError::OtherKey { id: key(1).id() });
        assert_eq!(&other.opening(&key(1)).open(b"a", &sealed).unwrap()[..], b"hunter2");
    }

    #[test]
    fn every_flipped_byte_is_noticed_and_every_cut_is_refused() {
        let sealer = Sealer::new(&key(1));
        let sealed = sealer.seal(b"a", b"hunter2");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.open(b"a", &changed).is_err(), "byte {index}");
            assert!(sealer.open(b"a", &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn the_same_text_is_sealed_alike_and_another_one_under_another_nonce() {
        let sealer = Sealer::new(&key(1));
        assert_eq!(sealer.seal_text("hunter2"), sealer.seal_text("hunter2"));
        let (one, two) = (sealer.seal(b"a", b"hunter2"), sealer.seal(b"a", b"hunter3"));
        assert_ne!(one[NAME..NAME + NONCE], two[NAME..NAME + NONCE]);
        assert_ne!(sealer.seal_text("hunter2"), Sealer::new(&key(2)).seal_text("hunter2"));
    }

    #[test]
    fn texts_and_values_come_back_and_nothing_of_them_shows() {
        let sealer = Sealer::new(&key(1));
        let sealed = sealer.seal_text("hunter2");
        assert_eq!(sealer.open_text(&sealed).unwrap().as_str(), "hunter2");
        assert_eq!(key_of(&sealed), Some(key(1).id()));
        assert!(sealed.starts_with("v1:") && !sealed.contains("hunter2"), "{sealed}");
        let value = Value::from([("password", Value::from("hunter2").into_secret())]);
        assert_eq!(sealer.open_value(&sealer.seal_value(&value)).unwrap(), Value::from([("password", "hunter2")]));
        for text in ["", "v1:", "v1:??", "v2:AAAA", "hunter2"] {
            assert_eq!(sealer.open_text(text).unwrap_err(), OpenError::Malformed, "{text}");
            assert_eq!(key_of(text), None);
        }
    }

    #[test]
    fn a_document_opens_as_it_was() {
        let sealer = Sealer::new(&key(1));
        let plain = json!({ "rows": [{ "urn": "prod::network/main::aws:ec2/vpc" }] });
        let sealed = document(&sealer, &plain);
        assert!(is_document(&sealed) && !is_document(&plain));
        assert!(!sealed.to_string().contains("network"), "{sealed}");
        assert_eq!(open_document(&sealer, &sealed).unwrap(), plain);
        assert_eq!(open_document(&sealer, &plain).unwrap_err(), OpenError::Malformed);
        let other = Sealer::new(&key(2));
        assert_eq!(open_document(&other, &sealed).unwrap_err(), OpenError::OtherKey { id: key(1).id() });
    }

    #[test]
    fn keys_and_sealers_print_their_names_and_not_their_bytes() {
        let key = key(0x5a);
        let shown = format!("{key:?} {:?}", Sealer::new(&key));
        assert!(!shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
        assert!(shown.contains(&key.id()));
        assert_ne!(DataKey::random().id(), DataKey::random().id());
        assert!(DataKey::from_bytes(&[0; 31]).is_none());
    }
}
