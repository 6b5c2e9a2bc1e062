//! The mathematics of gain maps (ISO 21496-1, and Ultra HDR before it): a picture for ordinary screens, and another one
//! that says by how much each of its pixels is brighter where the screen can show it.

use super::metadata::xmp;
use std::array::from_fn;

/// Of one colour: what a value of the map means.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Channel {
    /// Stops at a value of 0 and of 1.
    stops: [f32; 2],
    /// The exponent under which values of the map are stored.
    gamma: f32,
    /// What is added to the base before it is multiplied, and taken away afterwards.
    offsets: [f32; 2],
}

/// What the values of a gain map mean, for red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct GainMap {
    channels: [Channel; 3],
    /// Whether it multiplies the base's red, green and blue, not those of another colour space.
    pub(super) is_of_base: bool,
}

/// The name of the properties in XMP.
const PREFIX: &str = "hdrgm";

/// More stops than any picture has.
const MOST_STOPS: f32 = 40.0;

impl GainMap {
    /// As Ultra HDR says it in the XMP packet of the map. Nothing if it says nothing, makes no sense, or darkens a bright base.
    pub(super) fn of_xmp(packet: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(packet).ok()?;
        if property(text, "BaseRenditionIsHDR").is_some_and(|values| values.eq_ignore_ascii_case("true")) {
            return None;
        }
        property(text, "Version").filter(|version| version == "1.0")?;
        let numbers = |name: &str, usual: Option<f32>| numbers(text, name, usual);
        let (least, most) = (numbers("GainMapMin", Some(0.0))?, numbers("GainMapMax", None)?);
        let gamma = numbers("Gamma", Some(1.0))?;
        if numbers("HDRCapacityMin", Some(0.0))?[0] >= numbers("HDRCapacityMax", Some(MOST_STOPS))?[0] {
            return None;
        }
        let [base, other] = [numbers("OffsetSDR", Some(1.0 / 64.0))?, numbers("OffsetHDR", Some(1.0 / 64.0))?];
        let channel = |c: usize| Channel { stops: [least[c], most[c]], gamma: gamma[c], offsets: [base[c], other[c]] };
        Self { channels: from_fn(channel), is_of_base: true }.sensible()
    }

    /// As ISO 21496-1 says it in bytes (its annex C). Nothing as in [`Self::of_xmp`].
    pub(super) fn of_iso(bytes: &[u8]) -> Option<Self> {
        const SEVERAL: u8 = 1 << 7;
        const OF_BASE: u8 = 1 << 6;
        const BACKWARDS: u8 = 1 << 2;
        const ONE_DENOMINATOR: u8 = 1 << 3;
        let mut bytes = Bytes(bytes);
        let [least_version, _] = [bytes.u16()?, bytes.u16()?];
        let flags = bytes.u8()?;
        if least_version != 0 || flags & BACKWARDS != 0 {
            return None;
        }
        let denominator = if flags & ONE_DENOMINATOR == 0 { None } else { Some(bytes.u32()?) };
        let mut number = |is_signed: bool| {
            let bits = bytes.u32()?;
            let numerator = if is_signed { f64::from(bits as i32) } else { f64::from(bits) };
            let denominator = denominator.map_or_else(|| bytes.u32(), Some)?;
            Some((numerator / f64::from(denominator)) as f32)
        };
        let [base_headroom, other_headroom] = [number(false)?, number(false)?];
        let mut channel = || {
            let stops = [number(true)?, number(true)?];
            Some(Channel { stops, gamma: number(false)?, offsets: [number(true)?, number(true)?] })
        };
        let first = channel()?;
        let channels = if flags & SEVERAL == 0 { [first; 3] } else { [first, channel()?, channel()?] };
        let map = Self { channels, is_of_base: flags & OF_BASE != 0 };
        (base_headroom < other_headroom).then_some(map)?.sensible()
    }

    fn sensible(self) -> Option<Self> {
        let is_sensible = |channel: &Channel| {
            let Channel { stops: [least, most], gamma, offsets } = channel;
            let are_few = least.abs() <= MOST_STOPS && most.abs() <= MOST_STOPS && least <= most;
            are_few && (1e-3..=1e3).contains(gamma) && offsets.iter().all(|offset| offset.abs() <= 1.0)
        };
        self.channels.iter().all(is_sensible).then_some(self)
    }

    /// Whether red, green and blue are multiplied alike where the values of the map are: then their space does not matter.
    pub(super) fn is_grey(&self) -> bool {
        self.channels.iter().all(|channel| *channel == self.channels[0])
    }

    /// Linear light of a pixel: its base's, and the values of the map there, from 0 to 1. As on a screen that can show all of it.
    pub(super) fn light(&self, base: [f32; 3], values: [f32; 3]) -> [f32; 3] {
        from_fn(|c| {
            let Channel { stops: [least, most], gamma, offsets: [before, after] } = self.channels[c];
            let share = if gamma == 1.0 { values[c] } else { values[c].powf(1.0 / gamma) };
            ((base[c] + before) * (least + share * (most - least)).exp2() - after).max(0.0)
        })
    }
}

/// The text of a property, as an attribute or as an element.
fn property(text: &str, name: &str) -> Option<String> {
    xmp::get(text, &format!("{PREFIX}:{name}"))
}

/// One number for all colours, or a list of three, or what is usual where nothing is said; nothing if it is something else.
fn numbers(text: &str, name: &str, usual: Option<f32>) -> Option<[f32; 3]> {
    let number = |text: &str| text.trim().parse::<f32>().ok();
    if let Some(one) = property(text, name) {
        return number(&one).map(|number| [number; 3]);
    }
    let name = format!("{PREFIX}:{name}");
    let Some(start) = text.find(&format!("<{name}>")) else { return usual.map(|usual| [usual; 3]) };
    let list = &text[start..][..text[start..].find(&format!("</{name}>"))?];
    let item = |item: &str| number(item.split_once('>')?.1.split("</").next()?);
    let values: Vec<f32> = list.split("<rdf:li").skip(1).map(item).collect::<Option<_>>()?;
    match values[..] {
        [one] => Some([one; 3]),
        _ => values.try_into().ok(),
    }
}

/// Bytes that are read in order.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(attributes: &str, elements: &str) -> Vec<u8> {
        format!("<rdf:Description hdrgm:Version=\"1.0\" {attributes}>{elements}</rdf:Description>").into_bytes()
    }

    fn of_iso(flags: u8, numbers: &[i32]) -> Option<GainMap> {
        let numbers = numbers.iter().flat_map(|number| number.to_be_bytes());
        let bytes: Vec<u8> = [0, 0, 0, 0, flags].into_iter().chain(numbers).collect();
        GainMap::of_iso(&bytes)
    }

    #[test]
    fn both_ways_of_saying_it_say_the_same() {
        let xmp = "hdrgm:GainMapMin=\"-0.5\" hdrgm:GainMapMax=\"3\" hdrgm:Gamma=\"2\" hdrgm:OffsetSDR=\"0.25\" \
                   hdrgm:OffsetHDR=\"0.125\"";
        let xmp = GainMap::of_xmp(&packet(xmp, "")).unwrap();
        let each = of_iso(0x40, &[0, 1, 3, 1, -1, 2, 6, 2, 4, 2, 1, 4, 1, 8]);
        let together = of_iso(0x48, &[8, 0, 24, -4, 24, 16, 2, 1]);
        let three = [[0, 24, -4, 24, 16, 2, 1].as_slice(), &[-4, 24, 16, 2, 1], &[-4, 24, 16, 2, 1]].concat();
        let three = of_iso(0xc8, &[&[8], three.as_slice()].concat());
        assert_eq!([each, together, three], [Some(xmp); 3]);
        let [value, ..] = xmp.light([0.5; 3], [0.25; 3]);
        assert!((value - (0.75 * 1.25_f32.exp2() - 0.125)).abs() < 1e-6, "{value}");
    }

    #[test]
    fn what_is_left_out_is_usual_and_colours_may_differ() {
        let elements = "<hdrgm:GainMapMax><rdf:Seq><rdf:li>1</rdf:li><rdf:li>2</rdf:li> <rdf:li>3</rdf:li></rdf:Seq>\
                        </hdrgm:GainMapMax>";
        let map = GainMap::of_xmp(&packet("", elements)).unwrap();
        let found = map.light([1.0; 3], [1.0; 3]);
        for (c, expected) in [2.0_f32, 4.0, 8.0].into_iter().enumerate() {
            assert!((found[c] - (expected + (expected - 1.0) / 64.0)).abs() < 1e-5, "{found:?}");
        }
        assert_eq!(map.light([0.0; 3], [0.0; 3]), [0.0; 3]);
    }

    #[test]
    fn what_makes_no_sense_is_no_gain_map() {
        for attributes in [
            "",
            "hdrgm:GainMapMax=\"many\"",
            "hdrgm:GainMapMax=\"NaN\"",
            "hdrgm:GainMapMax=\"1\" hdrgm:GainMapMin=\"2\"",
            "hdrgm:GainMapMax=\"1\" hdrgm:Gamma=\"0\"",
            "hdrgm:GainMapMax=\"1\" hdrgm:BaseRenditionIsHDR=\"True\"",
            "hdrgm:GainMapMax=\"1e9\"",
            "hdrgm:GainMapMax=\"1\" hdrgm:HDRCapacityMin=\"2\" hdrgm:HDRCapacityMax=\"1\"",
        ] {
            assert_eq!(GainMap::of_xmp(&packet(attributes, "")), None, "{attributes}");
        }
        assert_eq!(GainMap::of_xmp(b"hdrgm:GainMapMax=\"1\""), None, "no version");
        let sound = [1, 0, 3, 0, 3, 1, 0, 0];
        assert!(of_iso(0x48, &sound).is_some());
        for len in 0..sound.len() {
            assert_eq!(of_iso(0x48, &sound[..len]), None, "cut off");
        }
        assert_eq!(of_iso(0x48, &[1, 3, 0, 0, 3, 1, 0, 0]), None, "the base is the brighter one");
        assert_eq!(of_iso(0x48, &[0, 0, 3, 0, 3, 1, 0, 0]), None, "nothing can be divided by 0");
        assert_eq!(GainMap::of_iso(&[0, 1, 0, 0, 0x48]), None, "of a version to come");
        assert_eq!(of_iso(0x4c, &sound), None, "backwards");
    }
}
