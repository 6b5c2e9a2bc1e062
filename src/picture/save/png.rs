//! PNG, streamed.

use super::{SaveOptions, Sink};
use crate::atomic::describe_io;
use crate::picture::Raster;
use crate::picture::metadata::iptc;
use png::{BitDepth, ColorType, Encoder, EncodingError, Info, PixelDimensions, StreamWriter, Unit};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

/// Bytes of a chunk, each written at once.
const CHUNK_BYTES: usize = 1 << 18;

/// Remembers the first failure: the encoder writes its last chunks while it is dropped and swallows theirs.
struct Witness {
    file: File,
    failure: Arc<OnceLock<String>>,
}

impl Witness {
    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failure.get_or_init(|| describe_io(error));
            }
        })
    }
}

impl Write for Witness {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.file.write(bytes);
        self.note(outcome)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.file.flush();
        self.note(outcome)
    }
}

pub(super) struct PngSink {
    stream: StreamWriter<'static, Witness>,
    failure: Arc<OnceLock<String>>,
    bits: u8,
}

impl PngSink {
    pub(super) fn start(file: File, options: &SaveOptions) -> Result<Self, String> {
        let mut info = Info::with_size(options.size.width as u32, options.size.height as u32);
        info.color_type = if options.channels == 4 { ColorType::Rgba } else { ColorType::Rgb };
        info.bit_depth = if options.bits == 16 { BitDepth::Sixteen } else { BitDepth::Eight };
        info.icc_profile = options.metadata.icc_profile.clone().map(Cow::Owned);
        info.exif_metadata = options.metadata.exif.clone().map(Cow::Owned);
        // PNG counts in pixels per metre.
        info.pixel_dims = options.dpi.map(|dpi| {
            let per_meter = (dpi / 0.0254).round() as u32;
            PixelDimensions { xppu: per_meter, yppu: per_meter, unit: Unit::Meter }
        });
        let failure = Arc::new(OnceLock::new());
        let witness = Witness { file, failure: failure.clone() };
        let packet = options.metadata.xmp.clone().and_then(|packet| String::from_utf8(packet).ok());
        let stream = Encoder::with_info(witness, info)
            .and_then(|encoder| with_packet(encoder, packet))
            .and_then(|encoder| with_records(encoder, options.metadata.iptc.as_deref()))
            .and_then(Encoder::write_header)
            .and_then(|writer| writer.into_stream_writer_with_size(CHUNK_BYTES))
            .map_err(|error| describe(&failure, error))?;
        Ok(Self { stream, failure, bits: options.bits })
    }
}

/// XMP is a text under a name of its own.
fn with_packet(
    mut encoder: Encoder<'_, Witness>,
    packet: Option<String>,
) -> Result<Encoder<'_, Witness>, EncodingError> {
    if let Some(packet) = packet {
        encoder.add_itxt_chunk("XML:com.adobe.xmp".into(), packet)?;
    }
    Ok(encoder)
}

/// IPTC-IIM has no chunk of its own; what `ImageMagick` made up is what others read.
fn with_records<'a>(
    mut encoder: Encoder<'a, Witness>,
    records: Option<&[u8]>,
) -> Result<Encoder<'a, Witness>, EncodingError> {
    if let Some(records) = records {
        encoder.add_ztxt_chunk(iptc::RAW_PROFILE.into(), iptc::raw_profile(records))?;
    }
    Ok(encoder)
}

impl Sink for PngSink {
    fn write(&mut self, band: &Raster) -> Result<(), String> {
        let written = if self.bits == 16 {
            let bytes: Vec<u8> = band.to_u16().into_iter().flat_map(u16::to_be_bytes).collect();
            self.stream.write_all(&bytes)
        } else {
            self.stream.write_all(&band.to_u8())
        };
        written.map_err(|error| describe(&self.failure, error))
    }

    fn finish(self: Box<Self>) -> Result<u64, String> {
        let Self { stream, failure, .. } = *self;
        stream.finish().map_err(|error| describe(&failure, error))?;
        failure.get().map_or(Ok(0), |reason| Err(reason.clone()))
    }
}

/// The system's reason, if there was one: the encoder wraps it.
fn describe(failure: &OnceLock<String>, error: impl std::fmt::Display) -> String {
    failure.get().cloned().unwrap_or_else(|| format!("its PNG encoder failed ({error})"))
}
