//! The screen's own colours.

use super::conversion::{Conversion, name_of, profile_of};
use crate::error::{Error, Result};
use crate::task::survive;
use moxcms::{ColorProfile, DataColorSpace, ProfileClass};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What a screen makes of the numbers that it is given.
#[derive(Clone, Default)]
pub struct Screen {
    /// None for sRGB.
    own: Option<Arc<Own>>,
}

/// Of a screen that is not sRGB.
struct Own {
    name: Option<String>,
    bytes: Vec<u8>,
    profile: Arc<ColorProfile>,
    from_srgb: Arc<Conversion>,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Screen {
    /// The screen that an ICC profile describes.
    ///
    /// # Errors
    /// A clause for people if no colours can be converted for it.
    pub fn from_profile(bytes: &[u8]) -> std::result::Result<Self, String> {
        // Readers of damaged files have been known to panic.
        survive(|| read(bytes)).unwrap_or_else(|| Err("it is damaged".into()))
    }

    /// The screen that the profile in a file describes.
    ///
    /// # Errors
    /// [`Error::Device`] if it cannot be read or used.
    pub fn open(path: &Path) -> Result<Self> {
        let read = std::fs::read(path).map_err(|error| error.to_string());
        let screen = read.and_then(|bytes| Self::from_profile(&bytes));
        screen.map_err(|reason| {
            Error::device(format!("{}: this cannot be used as the screen's profile ({reason})", path.display()))
        })
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        self.own.as_ref().map_or("sRGB", |own| own.name.as_deref().unwrap_or("a screen without a name"))
    }

    /// Whether this is its profile, to the bit.
    pub(super) fn is_described_by(&self, profile: &[u8]) -> bool {
        self.own.as_ref().is_some_and(|own| own.bytes == profile)
    }

    /// What leads to its numbers from those of a picture, whose way to sRGB is known, if it is one; nothing if they are the
    /// same. Where a picture's profile and the screen's have no common ground the screen is taken for sRGB.
    pub(super) fn conversion(&self, to_srgb: Option<&Arc<Conversion>>) -> Option<Arc<Conversion>> {
        let (Some(own), Some(to_srgb)) = (&self.own, to_srgb) else {
            return self.own.as_ref().map(|own| own.from_srgb.clone()).or_else(|| to_srgb.cloned());
        };
        // Readers of damaged files have been known to panic.
        let conversion = survive(|| Conversion::new(to_srgb.from.clone(), own.profile.clone()).ok()).flatten();
        conversion.map_or_else(|| Some(to_srgb.clone()), |conversion| conversion.map(Arc::new))
    }
}

fn read(bytes: &[u8]) -> std::result::Result<Screen, String> {
    let profile = Arc::new(profile_of(bytes)?);
    let is_of_screens = matches!(profile.profile_class, ProfileClass::DisplayDevice | ProfileClass::ColorSpace);
    if profile.color_space != DataColorSpace::Rgb || !is_of_screens {
        return Err(format!("it is not that of a screen, but {}", kind_of(&profile)));
    }
    let from_srgb = Conversion::new(Arc::new(ColorProfile::new_srgb()), profile.clone())?;
    let own =
        |from_srgb| Own { name: name_of(&profile), bytes: bytes.to_vec(), profile, from_srgb: Arc::new(from_srgb) };
    Ok(Screen { own: from_srgb.map(own).map(Arc::new) })
}

/// What a profile is for, as a clause.
fn kind_of(profile: &ColorProfile) -> String {
    let device = match profile.profile_class {
        ProfileClass::InputDevice => "a scanner's or a camera's",
        ProfileClass::OutputDevice => "a printer's",
        _ => "another's",
    };
    format!("{device}, for {:?}", profile.color_space)
}
