//! In which ways the shaders that multiply can come by their numbers.

use super::template::THREAD_ROWS;
use serde::{Deserialize, Serialize};

/// How a thread of `shaders/convolution.wgsl` and `shaders/decode.wgsl` computes its eight rows (pixels, queries). All give the
/// same sums, in the same order but for how many are added in half precision; which is the fastest depends on the device
/// (`Gpu::variant`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Of one quad of columns: 8×4 sums. Weights come from the buffer.
    #[default]
    Narrow,
    /// Of two quads of columns: 8×8 sums. Weights come from the buffer.
    Wide,
    /// As [`Self::Wide`], with weights that a workgroup brings into its memory.
    Shared,
    /// As [`Self::Wide`], but of the rows that threads side by side share each reads one, and a subgroup passes them round
    /// (`subgroupBroadcast`, or `subgroupShuffle` where several groups of rows lie in a subgroup).
    Broadcast,
}

/// The shaders that come in variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shader {
    /// `shaders/convolution.wgsl`.
    Convolution,
    /// `shaders/decode.wgsl`.
    Decode,
}

impl Variant {
    /// Every variant, the default first.
    pub const ALL: [Self; 4] = [Self::Narrow, Self::Wide, Self::Shared, Self::Broadcast];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Narrow => "8×4, weights from the buffer",
            Self::Wide => "8×8, weights from the buffer",
            Self::Shared => "8×8, weights from workgroup memory",
            Self::Broadcast => "8×8, rows passed round a subgroup",
        }
    }

    /// The words that its lines of a shader begin with, where a group of rows is computed by `lanes` threads.
    pub(crate) fn words(self, lanes: usize, capacity: &Capacity) -> &'static [&'static str] {
        let is_one_group = capacity.subgroups.is_some_and(|subgroups| lanes >= subgroups.most);
        match self {
            Self::Narrow | Self::Wide => &["buffer", "each"],
            Self::Shared => &["shared", "each"],
            Self::Broadcast if is_one_group => &["buffer", "subgroup", "broadcast"],
            Self::Broadcast => &["buffer", "subgroup", "shuffle"],
        }
    }
}

/// How many threads of a workgroup pass numbers to each other without memory: powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subgroups {
    /// At least.
    pub least: usize,
    /// At most: the driver chooses for every shader.
    pub most: usize,
}

impl Subgroups {
    /// Of an adapter that has them. A power of two, which every maker's is: nothing else can be relied on.
    pub(super) fn of(info: &wgpu::AdapterInfo) -> Option<Self> {
        let (least, most) = (info.subgroup_min_size, info.subgroup_max_size);
        let is_known = least.is_power_of_two() && most.is_power_of_two() && least <= most;
        is_known.then_some(Self { least: least as usize, most: most as usize })
    }

    /// Whether eight rows can be passed round where `lanes` threads compute a group of rows: then every subgroup holds whole
    /// groups, or a part of one of at least eight threads.
    pub(crate) fn can_pass_rows(self, lanes: usize) -> bool {
        self.least >= THREAD_ROWS && lanes >= THREAD_ROWS && lanes.is_power_of_two()
    }

    /// How many of `most` groups, of `lanes` threads each, fill subgroups to the last thread.
    fn whole(self, most: usize, lanes: usize) -> usize {
        most - most % (self.most / lanes).max(1)
    }
}

/// What a device offers to a workgroup.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Its limits, as far as they were asked for.
    pub limits: wgpu::Limits,
    /// Its subgroups, if shaders may use them.
    pub subgroups: Option<Subgroups>,
}

impl Capacity {
    /// Of a device without subgroups.
    pub fn without_subgroups(limits: wgpu::Limits) -> Self {
        Self { limits, subgroups: None }
    }

    /// Invocations of a workgroup that ours take at most.
    pub(crate) fn threads(&self) -> usize {
        self.limits.max_compute_invocations_per_workgroup.min(256) as usize
    }

    /// Bytes of workgroup memory.
    pub(crate) fn bytes(&self) -> usize {
        self.limits.max_compute_workgroup_storage_size as usize
    }

    /// `variant`, or what stands in for it, and the quads of a thread, where a workgroup computes `columns` quads. With an odd
    /// number of them half of a thread's sums would be in vain.
    pub(crate) fn resolve(&self, variant: Variant, columns: usize) -> (Variant, usize) {
        let can_pass = self.subgroups.is_some_and(|subgroups| subgroups.can_pass_rows(columns / 2));
        match variant {
            _ if !columns.is_multiple_of(2) => (Variant::Narrow, 1),
            Variant::Narrow => (Variant::Narrow, 1),
            Variant::Broadcast if !can_pass => (Variant::Wide, 2),
            other => (other, 2),
        }
    }

    /// Of a workgroup of at most `most` groups of rows, each computed by `lanes` threads: how many there are in `variant`, and
    /// the variant, or what stands in for it where subgroups would not be filled.
    pub(crate) fn whole_groups(&self, variant: Variant, most: usize, lanes: usize) -> (Variant, usize) {
        match (variant, self.subgroups.map_or(0, |subgroups| subgroups.whole(most, lanes))) {
            (Variant::Broadcast, 0) => (Variant::Wide, most),
            (Variant::Broadcast, whole) => (variant, whole),
            _ => (variant, most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(least: usize, most: usize) -> Capacity {
        Capacity { limits: wgpu::Limits::downlevel_defaults(), subgroups: Some(Subgroups { least, most }) }
    }

    #[test]
    fn rows_are_passed_round_where_subgroups_hold_whole_groups() {
        let (nvidia, amd, warp) = (capacity(32, 32), capacity(32, 64), capacity(4, 4));
        let none = Capacity::without_subgroups(wgpu::Limits::downlevel_defaults());
        let resolve = |capacity: &Capacity, columns| capacity.resolve(Variant::Broadcast, columns);
        assert_eq!([16, 64].map(|columns| resolve(&nvidia, columns)), [(Variant::Broadcast, 2); 2]);
        // 40 channels, 4, an odd number of quads.
        assert_eq!(
            [10, 8, 7].map(|columns| resolve(&nvidia, columns).0),
            [Variant::Wide, Variant::Wide, Variant::Narrow]
        );
        assert_eq!([warp, none].map(|capacity| resolve(&capacity, 64).0), [Variant::Wide; 2]);
        assert_eq!(Variant::Broadcast.words(32, &nvidia)[2], "broadcast");
        assert_eq!(Variant::Broadcast.words(32, &amd)[2], "shuffle");
        assert_eq!(nvidia.subgroups.unwrap().whole(7, 8), 4);
        assert_eq!(nvidia.subgroups.unwrap().whole(7, 32), 7);
        assert_eq!(amd.subgroups.unwrap().whole(7, 32), 6);
    }
}
