//! How an export was made, as its XMP packet says it: what made it, out of what, and the kind of its source by the IPTC
//! vocabulary (cv.iptc.org/newscodes/digitalsourcetype). It is merged into the source's packet, of which all else stays;
//! what an earlier export has said there goes. Not handled: these properties under other prefixes than these.

use super::xml::{escaped, unescaped};
use super::xmp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the program's own properties are called, and the namespace behind that.
const PREFIX: &str = "zoomfield";
const NAMESPACE: &str = "urn:zoomfield:export:1#";

/// How an export was made. Texts are for people; `options` are the words that `zoomfield export` makes the same of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The program and its version.
    pub program: String,
    /// The source's file name without its folder; left away where the metadata of others is.
    pub source: Option<String>,
    /// Name of the source's pixels ([`crate::key::PictureId`]).
    pub source_pixels: String,
    /// Name of what travelled beside them ([`crate::key::MetadataId`]).
    pub source_metadata: String,
    /// The network's address or file name without its folder, if it made pixels.
    pub model: Option<String>,
    /// Name of its configuration and weights ([`crate::key::ModelId`]).
    pub model_id: Option<String>,
    /// Output pixels per source pixel: one number, or width and height.
    pub scale: String,
    /// The part of the source: x, y, width, height in source pixels.
    pub crop: String,
    /// How pixels were made ([`crate::recipe::Recipe`]).
    pub recipe: String,
    /// What computed, in which arithmetic.
    pub computed_by: String,
    /// Options of `zoomfield export`, without the names of files.
    pub options: Vec<String>,
}

impl Provenance {
    /// What a packet says; nothing if no export says anything in it, or not all that belongs together.
    pub fn read(packet: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(packet).ok()?;
        let get = |name: &str| xmp::get(text, &format!("{PREFIX}:{name}"));
        Some(Self {
            program: get("Program")?,
            source: get("Source"),
            source_pixels: get("SourcePixels")?,
            source_metadata: get("SourceMetadata")?,
            model: get("Model"),
            model_id: get("ModelId"),
            scale: get("Scale")?,
            crop: get("Crop")?,
            recipe: get("Recipe")?,
            computed_by: get("ComputedBy")?,
            options: serde_json::from_str(&get("Options")?).ok()?,
        })
    }

    fn properties(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Self { source, model, model_id, .. } = self.clone();
        let properties = [
            ("Program", Some(self.program.clone())),
            ("Source", source),
            ("SourcePixels", Some(self.source_pixels.clone())),
            ("SourceMetadata", Some(self.source_metadata.clone())),
            ("Model", model),
            ("ModelId", model_id),
            ("Scale", Some(self.scale.clone())),
            ("Crop", Some(self.crop.clone())),
            ("Recipe", Some(self.recipe.clone())),
            ("ComputedBy", Some(self.computed_by.clone())),
            ("Options", Some(serde_json::Value::from(self.options.clone()).to_string())),
        ];
        properties.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The kind of a digital source: a term of the IPTC vocabulary, as its whole address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceType(String);

/// The namespace of the IPTC's properties, under everybody's prefix.
const IPTC: &str = "xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\"";

const VOCABULARY: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/";

/// An algorithm has changed what was captured: what a network enlarges.
const ENHANCED: &str = "algorithmicallyEnhanced";

/// A person has changed it by tools that make nothing up: what is cut out, or enlarged by interpolation.
const EDITED: &str = "humanEdits";

/// Terms by which a machine has made the picture or parts of it; enlarging it makes that no less so.
const MADE: [&str; 4] =
    ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic", "algorithmicMedia"];

impl SourceType {
    /// What a packet says, if it does.
    pub fn read(packet: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(packet).ok()?;
        let (start, end) = xmp::source_type_at(text)?;
        let term = unescaped(text[start..end].trim());
        (!term.is_empty()).then_some(Self(term))
    }

    /// That of an export of a picture with this one. Where a network has made pixels it is an enhanced one, unless it was
    /// made by a machine before. Interpolation leaves it what it was; who says nothing of it is at least taken for edited.
    pub fn of_export(source: Option<Self>, is_neural: bool) -> Self {
        let is_made = |Self(term): &Self| MADE.iter().any(|made| term.ends_with(&format!("/{made}")) || term == made);
        match source {
            Some(term) if !is_neural || is_made(&term) => term,
            _ => Self(format!("{VOCABULARY}{}", if is_neural { ENHANCED } else { EDITED })),
        }
    }
}

impl fmt::Display for SourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The packet of an export: the source's, if there is one, and how it was made, if that is to be told. A term for the kind
/// of source that is there already is made true in either case. Nothing if there is nothing to say.
///
/// `most_bytes` is what the format has room for: where only the source's packet has room, that alone is kept.
pub fn packet_of_export(
    source: Option<Vec<u8>>,
    told: Option<&Provenance>,
    kind: &SourceType,
    most_bytes: usize,
) -> Option<Vec<u8>> {
    let Some(source) = source else {
        let packet = merged(xmp::EMPTY_PACKET.to_owned(), told?, kind);
        return packet.map(String::into_bytes).filter(|packet| packet.len() <= most_bytes);
    };
    let mut text = String::from_utf8(source).ok()?;
    xmp::remove_own(&mut text, PREFIX);
    if let Some((start, end)) = xmp::source_type_at(&text) {
        text.replace_range(start..end, &escaped(&kind.0));
    }
    let whole = told.and_then(|provenance| merged(text.clone(), provenance, kind));
    Some(whole.filter(|whole| whole.len() <= most_bytes).unwrap_or(text).into_bytes())
}

/// A packet with a description of the export; nothing if it is no RDF that could take one.
fn merged(packet: String, provenance: &Provenance, kind: &SourceType) -> Option<String> {
    let mut attributes = vec![format!(" xmlns:{PREFIX}=\"{NAMESPACE}\"")];
    if xmp::source_type_at(&packet).is_none() {
        let term = escaped(&kind.0);
        attributes.push(format!(" {IPTC} Iptc4xmpExt:DigitalSourceType=\"{term}\""));
    }
    let property = |(name, value): (&str, String)| format!(" {PREFIX}:{name}=\"{}\"", escaped(&value));
    attributes.extend(provenance.properties().map(property));
    xmp::with_description(packet, &attributes.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance {
            program: "zoomfield 0.1.0".into(),
            source: Some("a <b> & \"c\" 'd' é.png".into()),
            source_pixels: "0a".into(),
            source_metadata: "0b".into(),
            model: Some("builtin:live".into()),
            model_id: Some("0c".into()),
            scale: "2.5".into(),
            crop: "1,2,3,4".into(),
            recipe: "neural+strength:40".into(),
            computed_by: "CPU f32".into(),
            options: ["--scale", "2.5", "--device", "Card 5's \"x\" <y>"].map(str::to_owned).into(),
        }
    }

    fn enhanced() -> SourceType {
        SourceType::of_export(None, true)
    }

    fn told(source: Option<&str>, provenance: Option<&Provenance>, kind: &SourceType) -> Option<String> {
        let packet = packet_of_export(source.map(Into::into), provenance, kind, usize::MAX)?;
        Some(String::from_utf8(packet).unwrap())
    }

    const SOURCE: &str = "<?xpacket begin='' id='x'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description \
        rdf:about='uuid:7' xmp:Rating='5'><dc:title>Ünï</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>\
        \n                    \n<?xpacket end='w'?>";

    #[test]
    fn what_is_written_is_read_again() {
        for source in [None, Some(SOURCE), Some("<rdf:RDF xmlns:rdf='r'/>"), Some("<r:RDF xmlns:r='r'></r:RDF>")] {
            let text = told(source, Some(&provenance()), &enhanced()).unwrap();
            assert_eq!(Provenance::read(text.as_bytes()), Some(provenance()), "{text}");
            assert_eq!(SourceType::read(text.as_bytes()), Some(enhanced()));
        }
        let other = Provenance { source: None, model: None, model_id: None, ..provenance() };
        let text = told(None, Some(&other), &enhanced()).unwrap();
        assert_eq!(Provenance::read(text.as_bytes()), Some(other));
        assert_eq!(Provenance::read(SOURCE.as_bytes()), None);
        assert_eq!(Provenance::read(text.replace("zoomfield:Crop", "zoomfield:Carp").as_bytes()), None);
    }

    #[test]
    fn the_sources_packet_stays_and_an_earlier_exports_words_go() {
        let once = told(Some(SOURCE), Some(&provenance()), &enhanced()).unwrap();
        for kept in ["xmp:Rating='5'", "<dc:title>Ünï</dc:title>", "rdf:about=\"uuid:7\"", "<?xpacket end='w'?>"] {
            assert!(once.contains(kept), "{kept} is not in {once}");
        }
        // Told again it is the same, and what another program has made of the words goes too.
        assert_eq!(told(Some(&once), Some(&provenance()), &enhanced()).unwrap().matches("zoomfield:Scale").count(), 1);
        let foreign = SOURCE
            .replace("xmp:Rating", "zoomfield:Scale='9' xmp:Rating")
            .replace("<dc:", "<zoomfield:Crop>1</zoomfield:Crop><dc:");
        let text = told(Some(&foreign), Some(&provenance()), &enhanced()).unwrap();
        assert_eq!(text, once);
        // As Adobe's programs write it: everything in one description.
        let compact = once.replace("/></rdf:RDF>", " xmp:Label=\"red\"/></rdf:RDF>");
        let text = told(Some(&compact), None, &enhanced()).unwrap();
        assert!(text.contains("xmp:Label=\"red\"") && !text.contains("zoomfield"), "{text}");
        let plain = Provenance { source: None, ..provenance() };
        let known = SOURCE.replace("xmp:Rating", "Iptc4xmpExt:DigitalSourceType='x' xmp:Rating");
        let text = told(Some(&told(Some(&known), Some(&plain), &enhanced()).unwrap()), None, &enhanced()).unwrap();
        assert_eq!(text.matches("Description").count(), SOURCE.matches("Description").count(), "{text}");
        assert_eq!(told(Some(&once), None, &enhanced()).unwrap().matches("zoomfield:").count(), 0);
        assert_eq!(told(None, None, &enhanced()), None);
    }

    #[test]
    fn the_kind_of_source_is_true() {
        let term = |term: &str| SourceType(format!("{VOCABULARY}{term}"));
        for (source, is_neural, expected) in [
            (None, true, ENHANCED),
            (None, false, EDITED),
            (Some("digitalCapture"), true, ENHANCED),
            (Some("digitalCapture"), false, "digitalCapture"),
            (Some("trainedAlgorithmicMedia"), true, "trainedAlgorithmicMedia"),
            (Some(ENHANCED), false, ENHANCED),
        ] {
            assert_eq!(SourceType::of_export(source.map(term), is_neural), term(expected), "{source:?} {is_neural}");
        }
    }

    #[test]
    fn a_term_is_found_and_set_however_it_is_written() {
        let old = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture";
        for form in [
            format!("<rdf:Description Iptc4xmpExt:DigitalSourceType='{old}'/>"),
            format!(
                "<rdf:Description><Iptc4xmpExt:DigitalSourceType>{old}</Iptc4xmpExt:DigitalSourceType></rdf:Description>"
            ),
            format!("<rdf:Description><i:DigitalSourceType rdf:resource=\"{old}\"/></rdf:Description>"),
        ] {
            let packet = format!("<rdf:RDF>{form}</rdf:RDF>");
            assert_eq!(SourceType::read(packet.as_bytes()), Some(SourceType(old.into())), "{packet}");
            for provenance in [None, Some(&provenance())] {
                let text = told(Some(&packet), provenance, &enhanced()).unwrap();
                assert_eq!(SourceType::read(text.as_bytes()), Some(enhanced()), "{text}");
                assert!(!text.contains(old) && text.matches("/digitalsourcetype/").count() == 1, "{text}");
            }
        }
    }

    #[test]
    fn the_sources_packet_counts_for_more_than_ours() {
        let full = packet_of_export(Some(SOURCE.into()), Some(&provenance()), &enhanced(), SOURCE.len() + 10).unwrap();
        assert_eq!(String::from_utf8(full).unwrap(), SOURCE);
        let odd = "<rdf:RDF>\u{feff}DigitalSourceType='\u{feff}'…DigitalSourceType";
        assert!(told(Some(odd), Some(&provenance()), &enhanced()).is_some());
        let once = told(Some(SOURCE), Some(&provenance()), &enhanced()).unwrap();
        for damaged in (0..once.len()).filter(|end| once.is_char_boundary(*end)) {
            assert!(told(Some(&once[..damaged]), Some(&provenance()), &enhanced()).is_some());
        }
        for damaged in (0..SOURCE.len()).filter(|end| SOURCE.is_char_boundary(*end)) {
            assert!(told(Some(&SOURCE[..damaged]), Some(&provenance()), &enhanced()).is_some());
        }
    }
}
