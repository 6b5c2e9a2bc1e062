//! Letters that the built-in fonts lack, from the system's own fonts.
//!
//! The system is asked when the first such letter is to be drawn, and not before: to list its fonts takes up to a few
//! tenths of a second, on a thread of its own. Until then the letters are boxes; then all text is laid out again.

use crate::app::kit::one_shot::{OneShot, OneShotStatus};
use egui::{Context, FallbackRequest, FontInsert, FontProvider};
use egui_system_font_provider::SystemFontProvider;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stands in for the system's fonts, and remembers that they were needed.
#[derive(Default)]
struct MissingGlyphs(AtomicBool);

impl FontProvider for MissingGlyphs {
    fn font_for(&self, _request: &FallbackRequest<'_>) -> Option<FontInsert> {
        self.0.store(true, Ordering::Relaxed);
        None
    }
}

/// The system's fonts: not needed yet, on their way, or there.
pub(in crate::app) struct Fonts {
    missing: Arc<MissingGlyphs>,
    loading: Option<OneShot<SystemFontProvider>>,
    provider: Arc<dyn FontProvider>,
}

impl Fonts {
    /// Waits for the first letter that is missing.
    pub(in crate::app) fn wait(ctx: &Context) -> Self {
        let missing = Arc::new(MissingGlyphs::default());
        let fonts = Self { loading: None, provider: missing.clone(), missing };
        fonts.upload_anew(ctx);
        fonts
    }

    /// Begins to look for fonts once they are needed, and takes them in once they are there. Never waits.
    pub(in crate::app) fn advance(&mut self, ctx: &Context) {
        if self.missing.0.swap(false, Ordering::Relaxed) && self.loading.is_none() {
            // Without a thread the boxes stay.
            self.loading = OneShot::start("fonts", ctx, list).ok();
        }
        if let Some(OneShotStatus::Done(found)) = self.loading.as_ref().map(OneShot::poll) {
            self.loading = None;
            self.provider = Arc::new(found);
            self.upload_anew(ctx);
        }
    }

    /// Has all text laid out again, and its letters sent to the graphics device.
    pub(in crate::app) fn upload_anew(&self, ctx: &Context) {
        ctx.set_font_providers(vec![self.provider.clone()]);
    }
}

/// Lists the system's fonts; done only when they can be asked without waiting.
fn list() -> SystemFontProvider {
    let fonts = SystemFontProvider::new();
    // Any letter will do: the answer comes once all fonts are known.
    let _ = fonts.font_for(&FallbackRequest { cluster: "a", family: &egui::FontFamily::Proportional });
    fonts
}
