//! Parses filters that are given beside other fields in a query, a body or a table in the configuration: a text for
//! each name.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer as _, MapAccess,
    Unexpected, Visitor,
};

use super::field::Kind;
use super::parse::one_of;
use super::place::{Place, PlaceName, Spelled, named, unknown};

/// Longest name in a retention rule, in characters: the store shortens longer ones.
const LONGEST_NAME: usize = 255;

/// Maximum length of a value in an error, in characters.
const SHOWN: usize = 100;

/// An invalid filter: its name, the problem, and what is valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl From<Refused> for String {
    fn from(refused: Refused) -> Self {
        refused.0
    }
}

/// Filters as given: names in a place, and texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawFilters(Vec<(&'static str, String)>);

impl RawFilters {
    /// The text given under a name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| *given == name);
        found.map(|(_, text)| text.as_str())
    }

    /// All names and texts.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// Parses the values.
    ///
    /// # Errors
    /// The first value that is not valid.
    pub fn read<P: Place>(&self) -> Result<P::Filter, Refused> {
        let mut filter = P::Filter::default();
        for (name, text) in &self.0 {
            if let Some(spelled) = named::<P>(name) {
                set::<P>(&mut filter, spelled, text)?;
            }
        }
        Ok(filter)
    }
}

/// A value as shown in an error.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Parses one value into a filter. An empty value is ignored, except in retention, where it is refused: ignored, it
/// would match everything.
fn set<P: Place>(
    filter: &mut P::Filter,
    (field, at): Spelled<P>,
    text: &str,
) -> Result<(), Refused> {
    let name = at.name;
    if P::IN == PlaceName::Retention && !(1..=LONGEST_NAME).contains(&text.chars().count()) {
        return Err(Refused(format!(
            "{name}: it must have from 1 to {LONGEST_NAME} characters"
        )));
    }
    if text.is_empty() {
        return Ok(());
    }
    let refused = |problem: &str| Refused(format!("{name} = {}: {problem}", shown(text)));
    if let Some((except, why)) = at.except
        && except == text
    {
        let words = field.words(at).unwrap_or_default();
        return Err(refused(&format!("{why}; {}", one_of(&words))));
    }
    (field.set)(filter, text).map_err(|problem| match field.words(at) {
        // Only the words that this place accepts.
        Some(words) => refused(&one_of(&words)),
        None => refused(&problem),
    })
}

/// The filters of a place, and the other fields beside them.
pub struct Filtered<P, T> {
    /// The filters.
    pub given: RawFilters,
    /// The other fields.
    pub rest: T,
    place: PhantomData<fn() -> P>,
}

impl<P, T: fmt::Debug> fmt::Debug for Filtered<P, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Filtered")
            .field("given", &self.given)
            .field("rest", &self.rest)
            .finish()
    }
}

impl<P, T: Default> Default for Filtered<P, T> {
    fn default() -> Self {
        Self {
            given: RawFilters::default(),
            rest: T::default(),
            place: PhantomData,
        }
    }
}

impl<P: Place, T> Filtered<P, T> {
    /// Parses the filters.
    ///
    /// # Errors
    /// The first value that is not valid.
    pub fn filter(&self) -> Result<P::Filter, Refused> {
        self.given.read::<P>()
    }
}

/// Fields of `T` go to `T`, names of filters are set aside, and any other name is refused with a list of those that
/// exist. `T` is a struct that names its fields.
impl<'de, P: Place, T: Deserialize<'de>> Deserialize<'de> for Filtered<P, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut given = RawFilters::default();
        let rest = T::deserialize(FilterDeserializer::<P, D> {
            from,
            given: &mut given,
            place: PhantomData,
        })?;
        Ok(Self {
            given,
            rest,
            place: PhantomData,
        })
    }
}

/// Sets filters aside while a struct is deserialized.
struct FilterDeserializer<'g, P, D> {
    from: D,
    given: &'g mut RawFilters,
    place: PhantomData<P>,
}

impl<'de, P: Place, D: Deserializer<'de>> Deserializer<'de> for FilterDeserializer<'_, P, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        own: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.from.deserialize_map(Fields::<P, V> {
            own,
            given: self.given,
            visitor,
            place: PhantomData,
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.from.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Fields<'g, P, V> {
    own: &'static [&'static str],
    given: &'g mut RawFilters,
    visitor: V,
    place: PhantomData<P>,
}

impl<'de, P: Place, V: Visitor<'de>> Visitor<'de> for Fields<'_, P, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(formatter)
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<V::Value, M::Error> {
        self.visitor.visit_map(OtherFields::<P, M> {
            map,
            own: self.own,
            given: self.given,
            place: PhantomData,
        })
    }
}

/// The fields that are not filters.
struct OtherFields<'g, P, M> {
    map: M,
    own: &'static [&'static str],
    given: &'g mut RawFilters,
    place: PhantomData<P>,
}

impl<'de, P: Place, M: MapAccess<'de>> MapAccess<'de> for OtherFields<'_, P, M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, M::Error> {
        while let Some(name) = self.map.next_key::<String>()? {
            if let Some((field, at)) = named::<P>(&name) {
                let text = self.map.next_value_seed(Text(field.kind))?;
                if self.given.text(at.name).is_some() {
                    return Err(M::Error::custom(format_args!(
                        "duplicate field `{}`: give it once",
                        at.name
                    )));
                }
                self.given.0.extend(text.map(|text| (at.name, text)));
            } else if self.own.contains(&name.as_str()) {
                return seed.deserialize(name.into_deserializer()).map(Some);
            } else {
                return Err(M::Error::custom(unknown::<P>(&name, self.own)));
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, M::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A value as text. A query has only texts; JSON and TOML may give a number or a boolean.
struct Text(Kind);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Flag => "true or false",
            Kind::Number => "a whole number",
            Kind::Seconds => "a number of seconds",
            _ => "a text",
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        match self.0 {
            Kind::Flag => Ok(Some(value.to_string())),
            _ => Err(E::invalid_type(Unexpected::Bool(value), &self)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        match self.0 {
            Kind::Number | Kind::Seconds => Ok(Some(value.to_string())),
            _ => Err(E::invalid_type(Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        match self.0 {
            Kind::Number | Kind::Seconds => Ok(Some(value.to_string())),
            _ => Err(E::invalid_type(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        match self.0 {
            Kind::Seconds => Ok(Some(value.to_string())),
            _ => Err(E::invalid_type(Unexpected::Float(value), &self)),
        }
    }

    /// `null` counts as not given.
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
