//! XMP packets: what people and programs wrote about a picture, as RDF in XML (ISO 16684-1). A packet travels as it is;
//! only properties that an export makes untrue are set, in the text itself. Not handled: the part of a packet that JPEG
//! stores beside it (extended XMP), namespaces under other prefixes than everybody's.

use super::xml::{escaped, unescaped};
use crate::geometry::Size;

/// How a JPEG's segment that holds a packet begins.
pub(in crate::picture) const JPEG_NAME: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

const ORIENTATION: &str = "tiff:Orientation";

/// How a packet says that its picture is to be turned, in EXIF's numbers.
pub(in crate::picture) fn orientation(packet: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(packet).ok()?;
    let mut ends = text.match_indices(ORIENTATION).map(|(at, property)| at + property.len());
    let (start, end) = ends.find_map(|end| value_at(text, end, ORIENTATION))?;
    text[start..end].trim().parse().ok()
}

/// A packet whose pixels are upright already. One that is not UTF-8 cannot be followed, and could turn them again.
pub(in crate::picture) fn upright(packet: Vec<u8>) -> Option<Vec<u8>> {
    let mut text = String::from_utf8(packet).ok()?;
    set(&mut text, ORIENTATION, "1");
    Some(text.into_bytes())
}

/// Makes a packet true of an export: the output's size and resolution, and no thumbnails, which would show the whole
/// picture where only a part of it was exported.
pub(in crate::picture) fn adapt(packet: Vec<u8>, size: Size, dpi: Option<f64>) -> Option<Vec<u8>> {
    let mut text = String::from_utf8(packet).ok()?;
    let (width, height) = (size.width.to_string(), size.height.to_string());
    for (property, value) in [
        ("tiff:ImageWidth", &width),
        ("tiff:ImageLength", &height),
        ("exif:PixelXDimension", &width),
        ("exif:PixelYDimension", &height),
    ] {
        set(&mut text, property, value);
    }
    if let Some(dpi) = dpi {
        let thousandths = format!("{}/1000", (dpi * 1000.0).round());
        set(&mut text, "tiff:XResolution", &thousandths);
        set(&mut text, "tiff:YResolution", &thousandths);
        set(&mut text, "tiff:ResolutionUnit", "2"); // inches
    }
    remove(&mut text, "xmp:Thumbnails");
    // What lies behind a picture in its file, a gain map or a film, does not lie behind an export.
    for element in ["Container:Directory", "GContainer:Directory"] {
        remove(&mut text, element);
    }
    remove_own(&mut text, "hdrgm");
    for property in ["GCamera:MotionPhoto", "Camera:MotionPhoto", "GCamera:MicroVideo"] {
        set(&mut text, property, "0");
    }
    Some(text.into_bytes())
}

/// Sets a simple property wherever it occurs, as an attribute or as an element.
fn set(text: &mut String, property: &str, value: &str) {
    let mut from = 0;
    while let Some(at) = text[from..].find(property).map(|at| from + at) {
        let after = at + property.len();
        let Some((start, end)) = value_at(text, after, property) else {
            from = after;
            continue;
        };
        text.replace_range(start..end, value);
        from = start + value.len();
    }
}

/// A packet that says nothing yet.
pub(super) const EMPTY_PACKET: &str = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
    <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
    </rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";

/// The value of a simple property, where it occurs first.
pub(in crate::picture) fn get(text: &str, property: &str) -> Option<String> {
    let mut places = text.match_indices(property).map(|(at, _)| at + property.len());
    let (start, end) = places.find_map(|after| value_at(text, after, property))?;
    Some(unescaped(&text[start..end]))
}

/// Where the value of `DigitalSourceType` is (IPTC), under whichever prefix: an attribute, an element, or a resource.
pub(super) fn source_type_at(text: &str) -> Option<(usize, usize)> {
    const NAME: &str = "DigitalSourceType";
    text.match_indices(NAME).find_map(|(at, _)| {
        let prefix = text[..at].rsplit(|c: char| !(is_name(c) || c == ':')).next()?;
        let (property, after) = (&text[at - prefix.len()..at + NAME.len()], at + NAME.len());
        value_at(text, after, property).or_else(|| resource_at(text, after))
    })
}

/// Whether a character may stand in a name, of which the colon is none here.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The resource that an element names whose name ends at `after`.
fn resource_at(text: &str, after: usize) -> Option<(usize, usize)> {
    const RESOURCE: &str = ":resource";
    let end = after + text[after..].find('>')?;
    let name = after + text[after..end].find(RESOURCE)? + RESOURCE.len();
    value_at(text, name, RESOURCE).filter(|(_, value_end)| *value_end <= end)
}

/// A packet with one more description, of these attributes; nothing if it has no RDF. Blanks that programs leave for
/// others to write into are not left any more: formats have little room for packets.
pub(super) fn with_description(mut text: String, attributes: &str) -> Option<String> {
    open_rdf(&mut text);
    let close = text.rfind(":RDF>")?;
    let start = text[..close].rfind("</")?;
    let prefix = text[start + "</".len()..close].to_owned();
    if !prefix.chars().all(is_name) {
        return None;
    }
    let about = get(&text, &format!("{prefix}:about")).unwrap_or_default();
    let about = escaped(&about);
    text.insert_str(start, &format!("<{prefix}:Description {prefix}:about=\"{about}\"{attributes}/>"));
    if let Some(end) = text.rfind("<?xpacket end") {
        let kept = text[..end].trim_end_matches([' ', '\n', '\r', '\t']).len();
        text.replace_range(kept..end, "\n");
    }
    Some(text)
}

/// An RDF without content becomes one that can take some.
fn open_rdf(text: &mut String) {
    let Some(name_end) = text.find(":RDF").map(|at| at + ":RDF".len()) else { return };
    let Some(end) = text[name_end..].find('>').map(|len| name_end + len) else { return };
    if let (true, Some(start)) = (text[..end].ends_with('/'), text[..name_end].rfind('<')) {
        let name = text[start + 1..name_end].to_owned();
        text.replace_range(end - 1..=end, &format!("></{name}>"));
    }
}

/// Removes all simple properties under a prefix, and descriptions that have none left.
pub(super) fn remove_own(text: &mut String, prefix: &str) {
    let name = format!("{prefix}:");
    let mut from = 0;
    while let Some(at) = text[from..].find(&name).map(|at| from + at) {
        from = match own_property(text, at) {
            Some((start, end)) => {
                text.replace_range(start..end, "");
                start
            }
            None => at + name.len(),
        };
    }
    // What could not be removed needs its declaration. Elsewhere the letters are somebody's value.
    let is_left = |(at, _): (usize, &str)| text[..at].ends_with(|c: char| c == '<' || c.is_whitespace());
    if !text.match_indices(&name).any(is_left) {
        let declaration = format!("xmlns:{prefix}");
        while let Some((start, end)) = text.find(&declaration).and_then(|at| own_property(text, at)) {
            text.replace_range(start..end, "");
            remove_if_empty(text, start);
        }
    }
}

/// Removes the description that `at` lies in, if it says of what it is and nothing else.
fn remove_if_empty(text: &mut String, at: usize) {
    let (Some(start), Some(len)) = (text[..at].rfind('<'), text[at..].find('>')) else { return };
    let end = at + len + 1;
    let Some(inner) = text[start..end].strip_suffix("/>") else { return };
    let words: Vec<&str> = inner.split_whitespace().collect();
    if let [name, about] = words[..]
        && name.ends_with(":Description")
        && about.contains(":about=")
    {
        text.replace_range(start..end, "");
    }
}

/// The whole of a property whose name begins at `at`: an attribute with the blank before it, or an element.
fn own_property(text: &str, at: usize) -> Option<(usize, usize)> {
    let len = text[at..].find(|c: char| !(is_name(c) || c == ':'))?;
    let (property, after) = (&text[at..at + len], at + len);
    let (_, end) = value_at(text, after, property)?;
    if text[..at].ends_with('<') {
        return Some((at - 1, end + "</>".len() + property.len()));
    }
    Some((text[..at].trim_end().len(), end + 1))
}

/// Where the value of a property is whose name ends at `after`.
fn value_at(text: &str, after: usize, property: &str) -> Option<(usize, usize)> {
    let rest = &text[after..];
    let trimmed = rest.trim_start();
    if let Some(quoted) = trimmed.strip_prefix('=').map(str::trim_start) {
        let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let start = text.len() - quoted.len() + 1;
        return text[start..].find(quote).map(|len| (start, start + len));
    }
    let start = after + rest.strip_prefix('>').map(|_| 1)?;
    let len = text[start..].find(&format!("</{property}>"))?;
    // A plain value, not the end of the element itself or of one with parts.
    (!text[start..start + len].contains('<')).then_some((start, start + len))
}

/// Removes an element with everything in it.
fn remove(text: &mut String, property: &str) {
    let (open, close) = (format!("<{property}"), format!("</{property}>"));
    while let Some(start) = text.find(&open) {
        let Some(len) = text[start..].find(&close) else { return };
        text.replace_range(start..start + len + close.len(), "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = "<x:xmpmeta><rdf:Description tiff:Orientation = '6' tiff:ImageWidth=\"4000\" dc:format='é'>\
        <tiff:ImageLength>3000</tiff:ImageLength><tiff:XResolution>72/1</tiff:XResolution>\
        <xmp:Thumbnails><rdf:Alt><rdf:li xmpGImg:image='x'/></rdf:Alt></xmp:Thumbnails><xmp:Rating>5</xmp:Rating>\
        </rdf:Description></x:xmpmeta>";

    #[test]
    fn what_lay_behind_a_picture_does_not_lie_behind_its_export() {
        let packet = "<rdf:RDF><rdf:Description xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\" hdrgm:Version=\"1.0\" \
            GCamera:MotionPhoto=\"1\" dc:format=\"é\"><Container:Directory><rdf:Seq><rdf:li><Container:Item \
            Item:Semantic=\"GainMap\" Item:Length=\"66171\"/></rdf:li></rdf:Seq></Container:Directory></rdf:Description></rdf:RDF>";
        let adapted = String::from_utf8(adapt(packet.into(), Size::new(7, 9), None).unwrap()).unwrap();
        for gone in ["hdrgm", "GainMap", "Directory", "MotionPhoto=\"1\""] {
            assert!(!adapted.contains(gone), "{adapted}");
        }
        assert!(adapted.contains("dc:format=\"é\"") && adapted.ends_with("</rdf:Description></rdf:RDF>"), "{adapted}");
    }

    #[test]
    fn what_an_export_makes_untrue_is_set_and_the_rest_is_kept() {
        let upright = upright(PACKET.into()).unwrap();
        let adapted = String::from_utf8(adapt(upright, Size::new(70, 9), Some(300.0)).unwrap()).unwrap();
        let expected = PACKET
            .replace("'6'", "'1'")
            .replace("4000", "70")
            .replace("3000", "9")
            .replace("72/1", "300000/1000")
            .replace("<xmp:Thumbnails><rdf:Alt><rdf:li xmpGImg:image='x'/></rdf:Alt></xmp:Thumbnails>", "");
        assert_eq!(adapted, expected);
    }

    #[test]
    fn the_orientation_is_read_as_attribute_and_as_element() {
        assert_eq!(orientation(PACKET.as_bytes()), Some(6));
        assert_eq!(orientation(b"<tiff:Orientation> 8 </tiff:Orientation>"), Some(8));
        for none in [&b"<tiff:Orientation/>"[..], b"tiff:Orientation='x'", b"", b"\xff tiff:Orientation='3'"] {
            assert_eq!(orientation(none), None);
        }
    }

    #[test]
    fn a_damaged_packet_does_no_harm() {
        for end in (0..PACKET.len()).filter(|end| PACKET.is_char_boundary(*end)) {
            let upright = upright(PACKET[..end].into()).unwrap();
            assert!(adapt(upright, Size::new(7, 9), Some(72.0)).is_some());
        }
        assert_eq!(upright(vec![0xff, 0xfe, b'<', 0]), None);
    }
}
