//! Images that a convolution reads as one: what a densely connected network has concatenated, without the copy.

use super::{After, Image, Order};
use crate::kernel::panels::PANEL;
use std::borrow::Cow;

/// Images of one size, joined along their channels.
#[derive(Clone, Copy)]
pub struct Joined<'a> {
    /// The values of each, `channels * height * width`; how many channels follows.
    pub parts: &'a [&'a [f32]],
    /// In which order those of each lie.
    pub order: Order,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl<'a> Joined<'a> {
    /// `parts` of the size and order of `image`.
    pub(super) fn new(parts: &'a [&'a [f32]], image: Image<'_>) -> Self {
        Self { parts, order: image.order, height: image.height, width: image.width }
    }

    /// # Panics
    /// If the parts have not `in_channels` altogether, or the residual not `out_channels`.
    pub(super) fn check(self, in_channels: usize, out_channels: usize, after: After<'_>) {
        let area = self.height.checked_mul(self.width).expect("an image in memory");
        let values: usize = self.parts.iter().map(|part| part.len()).sum();
        let is_whole = self.parts.iter().all(|part| area > 0 && part.len().is_multiple_of(area) || part.is_empty());
        assert!(is_whole && Some(values) == area.checked_mul(in_channels), "image does not fit its shape");
        assert!(after.residual.is_none_or(|r| r.len() == out_channels * area), "residual does not fit its shape");
    }

    pub(super) fn area(self) -> usize {
        self.height * self.width
    }

    /// Channels of one part.
    pub(super) fn channels(self, part: &[f32]) -> usize {
        part.len() / self.area().max(1)
    }

    /// Hands `work` the same channels-last: in parts of whole panels, or in one.
    pub(super) fn channels_last<R>(self, work: impl FnOnce(Joined<'_>) -> R) -> R {
        let parts: Vec<Cow<'_, [f32]>> = self.images().map(Image::into_channels_last).collect();
        let slices: Vec<&[f32]> = parts.iter().map(AsRef::as_ref).collect();
        let order = Order::ChannelsLast;
        if slices.len() < 2 || slices.iter().all(|part| self.channels(part).is_multiple_of(PANEL)) {
            return work(Joined { parts: &slices, order, ..self });
        }
        let pixel = |i: usize| {
            slices.iter().flat_map(move |part| {
                let channels = self.channels(part);
                part[i * channels..(i + 1) * channels].iter().copied()
            })
        };
        let whole: Vec<f32> = (0..self.area()).flat_map(pixel).collect();
        work(Joined { parts: &[&whole], order, ..self })
    }

    fn images(self) -> impl Iterator<Item = Image<'a>> {
        let Self { parts, order, height, width } = self;
        parts.iter().map(move |values| Image { values, order, height, width })
    }
}

impl<'a> Image<'a> {
    /// The values channels-last.
    pub(super) fn into_channels_last(self) -> std::borrow::Cow<'a, [f32]> {
        if self.order == Order::ChannelsLast {
            return self.values.into();
        }
        let area = (self.height * self.width).max(1);
        let pixel = |i: usize| self.values.iter().skip(i).step_by(area).copied();
        (0..area).flat_map(pixel).collect::<Vec<_>>().into()
    }
}
