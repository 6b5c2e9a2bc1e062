//! How pixels are made, as one value: a source and stages behind it, with one name in text.
//!
//! The command line, the copied command, the window, its settings and the names of tiles all mean this value. What makes
//! the same pixels is the same recipe: full strength is no stage, and none of the network's detail is bicubic.

mod stage;

pub use stage::{Ensemble, Stage, Strength};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where the continuous function is evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// At every pixel.
    Exact,
    /// At deep zoom on a lattice, with bicubic interpolation where that is as good (above 55 dB).
    #[default]
    #[serde(alias = "default")]
    Lattice,
    /// On a sparse lattice, interpolated everywhere: a first impression at a fraction of the work.
    #[serde(alias = "fast")]
    Coarse,
}

/// What pixels come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The source pixel at each place, as a square.
    Nearest,
    /// Bicubic interpolation above ×1, averages of areas below.
    Bicubic,
    /// The continuous function (LIIF), evaluated as its sampling says.
    Liif(Sampling),
}

impl Source {
    /// The continuous function, sampled as it is unless somebody asks otherwise.
    pub const NEURAL: Self = Self::Liif(Sampling::Lattice);
    /// The continuous function at every pixel.
    pub const EXACT: Self = Self::Liif(Sampling::Exact);
    /// A first impression of the continuous function.
    pub const COARSE: Self = Self::Liif(Sampling::Coarse);

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Nearest, Self::Bicubic, Self::NEURAL, Self::EXACT, Self::COARSE];

    /// One of each kind, plain ones first: what people choose from. How the function is sampled is another choice.
    pub fn kinds() -> impl DoubleEndedIterator<Item = Self> {
        Self::ALL.into_iter().filter(|source| source.sampled(Sampling::default()) == *source)
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "Nearest",
            Self::Bicubic => "Bicubic",
            Self::Liif(_) => "Neural",
        }
    }

    /// In text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bicubic => "bicubic",
            Self::Liif(Sampling::Lattice) => "neural",
            Self::Liif(Sampling::Exact) => "neural:exact",
            Self::Liif(Sampling::Coarse) => "neural:coarse",
        }
    }

    /// How the function is sampled, where it makes the pixels.
    pub fn sampling(self) -> Option<Sampling> {
        match self {
            Self::Nearest | Self::Bicubic => None,
            Self::Liif(sampling) => Some(sampling),
        }
    }

    /// Whether the network makes them.
    pub fn is_neural(self) -> bool {
        self.sampling().is_some()
    }

    /// The same, its function sampled in another way.
    #[must_use]
    pub fn sampled(self, sampling: Sampling) -> Self {
        if self.is_neural() { Self::Liif(sampling) } else { self }
    }

    /// Its place among the passes of a view, rough ones first: what is made sooner, and covered by what comes later.
    pub fn rank(self) -> u8 {
        match self {
            Self::Nearest => 0,
            Self::Bicubic => 1,
            Self::Liif(Sampling::Coarse) => 2,
            Self::Liif(Sampling::Lattice) => 3,
            Self::Liif(Sampling::Exact) => 4,
        }
    }
}

impl FromStr for Source {
    type Err = String;

    /// A source by its text; `fast` and `exact` are older words for two of them.
    fn from_str(text: &str) -> Result<Self, String> {
        let older = match text {
            "fast" => Some(Self::COARSE),
            "exact" => Some(Self::EXACT),
            _ => None,
        };
        older.or_else(|| Self::ALL.into_iter().find(|source| source.text() == text)).ok_or_else(|| {
            let names = Self::ALL.map(Self::text).join(", ");
            format!("`{text}` is no way to make pixels; choose one of {names}, with +strength:PERCENT behind it or not")
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The smallest pixel, in source pixels, of the scales that models are trained at: ×1 to ×4.
const SMALLEST_TRAINED_CELL: f64 = 0.25;

/// Stages that a recipe has room for: at least as many as there are kinds.
const MOST_STAGES: usize = 4;

/// How pixels are made. In text: the source, then its stages in order, like `neural:exact+strength:40`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipe {
    source: Source,
    /// In order, without gaps, one of a kind at most; none but behind the network.
    stages: [Option<Stage>; MOST_STAGES],
}

impl Recipe {
    /// What the pixels come from.
    pub fn source(self) -> Source {
        self.source
    }

    /// What is done to them, in this order.
    pub fn stages(self) -> impl Iterator<Item = Stage> {
        self.stages.into_iter().flatten()
    }

    /// How much of the network's detail is in them; full where the network makes none.
    pub fn strength(self) -> Strength {
        let strength = |stage| if let Stage::Strength(strength) = stage { Some(strength) } else { None };
        self.stages().find_map(strength).unwrap_or(Strength::FULL)
    }

    /// The pixel that the network is told where a sample is one of `pitch` (y, x) source pixels.
    pub fn cell(self, pitch: [f64; 2]) -> [f64; 2] {
        let is_clamped = self.stages().any(|stage| stage == Stage::ClampedCell);
        if is_clamped { pitch.map(|pitch| pitch.max(SMALLEST_TRAINED_CELL)) } else { pitch }
    }

    /// Of how many views they are the mean.
    pub fn ensemble(self) -> Ensemble {
        let ensemble = |stage| if let Stage::Ensemble(ensemble) = stage { Some(ensemble) } else { None };
        self.stages().find_map(ensemble).unwrap_or_default()
    }

    /// The same as the network answers at once: neither locked nor the mean of several views.
    #[must_use]
    pub fn plain(self) -> Self {
        self.without(Stage::Ensemble(Ensemble::One)).without(Stage::Lock(Strength::NONE))
    }

    /// How much of what keeps them from being the source, once shrunk, is taken away; none if they are as they come.
    pub fn lock(self) -> Strength {
        self.stages()
            .find_map(|stage| if let Stage::Lock(share) = stage { Some(share) } else { None })
            .unwrap_or(Strength::NONE)
    }

    /// Whether the network makes them.
    pub fn is_neural(self) -> bool {
        self.source.is_neural()
    }

    /// The same with another stage, or one in place of one of its kind. Where the network makes no pixels there is nothing
    /// to be done to them.
    #[must_use]
    pub fn with(self, stage: Stage) -> Self {
        match stage {
            _ if !self.is_neural() => self,
            Stage::Strength(Strength::NONE) => Source::Bicubic.into(),
            Stage::Strength(Strength::FULL) | Stage::Lock(Strength::NONE) | Stage::Ensemble(Ensemble::One) => {
                self.without(stage)
            }
            Stage::Strength(_) | Stage::Lock(_) | Stage::Ensemble(_) | Stage::ClampedCell => {
                let mut stages: Vec<Stage> = self.without(stage).stages().chain([stage]).collect();
                stages.sort_by_key(|stage| stage.rank());
                Self { source: self.source, stages: std::array::from_fn(|i| stages.get(i).copied()) }
            }
        }
    }

    /// The same without the stage of this kind.
    fn without(self, stage: Stage) -> Self {
        let mut kept = self.stages().filter(|kept| !kept.is_like(stage));
        Self { source: self.source, stages: std::array::from_fn(|_| kept.next()) }
    }

    /// The same stages behind another source of the network's; of another kind alone.
    #[must_use]
    pub fn out_of(self, source: Source) -> Self {
        if source.is_neural() { Self { source, ..self } } else { source.into() }
    }
}

impl From<Source> for Recipe {
    /// Nothing is done to the pixels.
    fn from(source: Source) -> Self {
        Self { source, stages: [None; MOST_STAGES] }
    }
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split('+');
        let source: Source = words.next().unwrap_or_default().parse()?;
        let mut stages: Vec<Stage> = Vec::new();
        for word in words {
            let stage: Stage = word.parse()?;
            if stages.iter().any(|other| other.is_like(stage)) {
                return Err(format!("`{word}` is the second of its kind in `{text}`; leave one of them away"));
            }
            stages.push(stage);
        }
        Ok(stages.into_iter().fold(source.into(), Self::with))
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        self.stages().try_for_each(|stage| write!(f, "+{stage}"))
    }
}

impl TryFrom<String> for Recipe {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Recipe> for String {
    fn from(recipe: Recipe) -> Self {
        recipe.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    /// Every recipe that can be said, many of them more than once.
    fn all() -> impl Iterator<Item = Recipe> {
        let strengths = (0..=100).map(Strength::percent);
        let locks = [0, 40, 100].map(Strength::percent);
        let stages =
            strengths.flat_map(move |strength| locks.map(|lock| [Stage::Strength(strength), Stage::Lock(lock)]));
        let recipe = |(source, [a, b]): (Source, [Stage; 2])| Recipe::from(source).with(a).with(b);
        Source::ALL.into_iter().flat_map(move |source| stages.clone().map(move |stage| (source, stage))).map(recipe)
    }

    #[test]
    fn every_recipe_comes_back_from_its_text_and_no_two_have_the_same() {
        let mut named: HashMap<String, Recipe> = HashMap::new();
        for recipe in all() {
            let text = recipe.to_string();
            assert_eq!(text.parse(), Ok(recipe), "{text}");
            assert_eq!(serde_json::from_str::<Recipe>(&serde_json::to_string(&recipe).unwrap()).unwrap(), recipe);
            assert_eq!(*named.entry(text).or_insert(recipe), recipe);
        }
        // Two without the network, and three of its samplings in 100 strengths above none and three locks.
        assert_eq!(named.len(), 2 + 3 * 100 * 3);
        assert_eq!(named.values().collect::<HashSet<_>>().len(), named.len());
    }

    #[test]
    fn the_same_pixels_are_the_same_recipe() {
        let parsed = |text: &str| text.parse::<Recipe>().unwrap();
        for (text, canonical) in [
            ("neural+strength:100", "neural"),
            ("neural:exact+strength:0", "bicubic"),
            ("bicubic+strength:40", "bicubic"),
            ("fast", "neural:coarse"),
            ("exact+strength:7", "neural:exact+strength:7"),
            ("neural+strength:40+lock", "neural+lock+strength:40"),
            ("neural+lock:100", "neural+lock"),
            ("neural+lock:0", "neural"),
            ("neural+strength:9+lock:40+ensemble:8", "neural+ensemble:8+lock:40+strength:9"),
            ("neural+ensemble:1", "neural"),
            ("neural+lock+cell:clamped", "neural+cell:clamped+lock"),
        ] {
            assert_eq!(parsed(text).to_string(), canonical);
        }
        let mixed = parsed("neural+strength:40");
        assert_eq!((mixed.source(), mixed.strength()), (Source::NEURAL, Strength::percent(40)));
        assert_eq!(mixed.with(Stage::Strength(Strength::FULL)), Source::NEURAL.into());
        assert_eq!(mixed.with(Stage::Strength(Strength::percent(7))).to_string(), "neural+strength:7");
        assert_eq!(mixed.out_of(Source::COARSE).to_string(), "neural:coarse+strength:40");
        assert_eq!(mixed.out_of(Source::Bicubic), Source::Bicubic.into());
        assert_eq!((Strength::percent(250), Strength::percent(50).share()), (Strength::FULL, 0.5));
    }

    #[test]
    fn nonsense_is_refused_in_a_sentence() {
        for (text, words) in [
            ("", "is no way to make pixels"),
            ("neural:deep", "choose one of nearest, bicubic, neural, neural:exact, neural:coarse"),
            ("neural+sharp", "`sharp` is nothing that is done to pixels"),
            ("neural+strength:101", "from 0 to 100"),
            ("neural+strength", "nothing that is done to pixels"),
            ("neural+lock:x", "from 0 to 100"),
            ("neural+ensemble:3", "choose 1, 4 or 8"),
            ("neural+strength:4+strength:5", "second of its kind"),
        ] {
            let reason = text.parse::<Recipe>().unwrap_err();
            assert!(reason.contains(words), "{text}: {reason}");
        }
    }

    #[test]
    fn passes_go_from_rough_to_final() {
        let order = [Source::Nearest, Source::Bicubic, Source::COARSE, Source::NEURAL, Source::EXACT];
        assert!(order.is_sorted_by_key(|source| source.rank()));
        assert_eq!(order.map(Source::is_neural), [false, false, true, true, true]);
    }

    #[test]
    fn people_choose_from_kinds() {
        assert_eq!(Source::kinds().collect::<Vec<_>>(), [Source::Nearest, Source::Bicubic, Source::NEURAL]);
        assert!(Source::ALL.iter().all(|source| Source::kinds().any(|kind| kind.name() == source.name())));
    }

    #[test]
    fn samplings_of_older_settings_are_read() {
        let read = |text: &str| serde_json::from_str::<Sampling>(text).unwrap();
        let old = ["\"fast\"", "\"default\"", "\"exact\""].map(read);
        assert_eq!(old, [Sampling::Coarse, Sampling::Lattice, Sampling::Exact]);
        assert!(old.iter().all(|sampling| read(&serde_json::to_string(sampling).unwrap()) == *sampling));
    }
}
