//! TIFF 6.0, streamed in compressed strips, as BigTIFF where 32-bit offsets might not reach.
//!
//! The container is written here: a header that points at the directory, the strips, the directory. The `tiff` crate
//! compresses; its own writer borrows itself for the length of an image and leaves strips given one by one
//! uncompressed. EXIF is taken apart into directories, which is how TIFF stores it.

use super::{SaveOptions, Sink};
use crate::atomic::describe_io;
use crate::picture::Raster;
use crate::picture::metadata::{Directory, Value, directories_of, header, iptc};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use tiff::encoder::DeflateLevel;
use tiff::encoder::compression::{CompressionAlgorithm, Deflate};
use tiff::tags::Tag;

/// Uncompressed bytes of a strip, unless a single row has more.
const STRIP_BYTES: usize = 1 << 20;

/// Beyond this much uncompressed data, offsets have 64 bits: compression may gain nothing, and the directory comes last.
const MAX_CLASSIC_BYTES: u64 = 4_000_000_000;

const ADOBE_DEFLATE: u16 = 8;
const HORIZONTAL_PREDICTOR: u16 = 2;
const RGB: u16 = 2;
const UNASSOCIATED_ALPHA: u16 = 2;
const INCH: u16 = 2;
const XMP_PACKET: u16 = 700;

/// Resolutions are written in thousandths of a dot per inch.
const DPI_PARTS: u32 = 1000;

pub(super) struct TiffSink {
    file: BufWriter<File>,
    position: u64,
    is_big: bool,
    options: SaveOptions,
    row_bytes: usize,
    strip_rows: usize,
    /// Rows, already differenced, that do not fill a strip yet.
    pending: Vec<u8>,
    offsets: Vec<u64>,
    byte_counts: Vec<u64>,
}

impl TiffSink {
    pub(super) fn start(file: File, options: &SaveOptions) -> Result<Self, String> {
        let row_bytes = options.size.width * options.channels * usize::from(options.bits / 8);
        let is_big = row_bytes as u64 * options.size.height as u64 > MAX_CLASSIC_BYTES;
        let mut sink = Self {
            file: BufWriter::new(file),
            position: 0,
            is_big,
            options: options.clone(),
            row_bytes,
            strip_rows: (STRIP_BYTES / row_bytes).clamp(1, options.size.height),
            pending: Vec::new(),
            offsets: Vec::new(),
            byte_counts: Vec::new(),
        };
        sink.put(&header(is_big, 0)).map_err(|error| describe_io(&error))?;
        Ok(sink)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// Compresses and writes all whole strips, and at the end the last one too.
    fn write_strips(&mut self, is_end: bool) -> io::Result<()> {
        let strip_bytes = self.strip_rows * self.row_bytes;
        let ready = if is_end { self.pending.len() } else { self.pending.len() / strip_bytes * strip_bytes };
        let rest = self.pending.split_off(ready);
        let strips = std::mem::replace(&mut self.pending, rest);
        let compressed: Vec<Vec<u8>> = strips.par_chunks(strip_bytes).map(compress).collect::<io::Result<_>>()?;
        for strip in compressed {
            self.offsets.push(self.position);
            self.byte_counts.push(strip.len() as u64);
            self.put(&strip)?;
        }
        Ok(())
    }

    fn directory(&mut self) -> Directory {
        let (size, channels) = (self.options.size, self.options.channels);
        let mut directory = Directory::new(self.is_big);
        directory.add(Tag::ImageWidth, Value::Long(vec![size.width as u32]));
        directory.add(Tag::ImageLength, Value::Long(vec![size.height as u32]));
        directory.add(Tag::BitsPerSample, Value::Short(vec![self.options.bits.into(); channels]));
        directory.add(Tag::Compression, Value::Short(vec![ADOBE_DEFLATE]));
        directory.add(Tag::PhotometricInterpretation, Value::Short(vec![RGB]));
        directory.add(Tag::StripOffsets, Value::Offset(std::mem::take(&mut self.offsets)));
        directory.add(Tag::SamplesPerPixel, Value::Short(vec![channels as u16]));
        directory.add(Tag::RowsPerStrip, Value::Long(vec![self.strip_rows as u32]));
        directory.add(Tag::StripByteCounts, Value::Offset(std::mem::take(&mut self.byte_counts)));
        let dpi = (self.options.dpi.unwrap_or(72.0) * f64::from(DPI_PARTS)).round() as u32;
        directory.add(Tag::XResolution, Value::Rational(dpi, DPI_PARTS));
        directory.add(Tag::YResolution, Value::Rational(dpi, DPI_PARTS));
        directory.add(Tag::ResolutionUnit, Value::Short(vec![INCH]));
        directory.add(Tag::Predictor, Value::Short(vec![HORIZONTAL_PREDICTOR]));
        if channels == 4 {
            directory.add(Tag::ExtraSamples, Value::Short(vec![UNASSOCIATED_ALPHA]));
        }
        if let Some(profile) = self.options.metadata.icc_profile.take() {
            directory.add(Tag::IccProfile, Value::Undefined(profile));
        }
        if let Some(packet) = self.options.metadata.xmp.take() {
            directory.add(Tag::Unknown(XMP_PACKET), Value::Undefined(packet));
        }
        if let Some(records) = self.options.metadata.iptc.take() {
            directory.add(Tag::Unknown(iptc::TIFF_TAG), Value::Undefined(records));
        }
        directory
    }

    /// Writes a directory and says where it begins.
    fn put_directory(&mut self, directory: Directory) -> io::Result<u64> {
        if self.position % 2 == 1 {
            self.put(&[0])?; // a directory begins at an even offset
        }
        let start = self.position;
        let bytes = directory.encode(start);
        self.put(&bytes)?;
        Ok(start)
    }

    /// Writes what the camera wrote: its directories first, since the main one says where they are.
    fn put_exif(&mut self, main: &mut Directory) -> io::Result<()> {
        let Some(block) = self.options.metadata.exif.take() else { return Ok(()) };
        let [described, exif, gps] = directories_of(&block);
        main.add_entries(described);
        for (tag, entries) in [(Tag::ExifDirectory, exif), (Tag::GpsDirectory, gps)] {
            if !entries.is_empty() {
                let mut directory = Directory::new(self.is_big);
                directory.add_entries(entries);
                let start = self.put_directory(directory)?;
                main.add(tag, Value::Offset(vec![start]));
            }
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.write_strips(true)?;
        let mut directory = self.directory();
        self.put_exif(&mut directory)?;
        let start = self.put_directory(directory)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.is_big, start))?;
        self.file.flush()
    }
}

impl Sink for TiffSink {
    fn write(&mut self, band: &Raster) -> Result<(), String> {
        let (row_samples, channels) = (band.size.width * band.channels, band.channels);
        if self.options.bits == 16 {
            let mut samples = band.to_u16();
            samples.par_chunks_mut(row_samples).for_each(|row| difference(row, channels, u16::wrapping_sub));
            self.pending.extend(samples.into_iter().flat_map(u16::to_le_bytes));
        } else {
            let mut samples = band.to_u8();
            samples.par_chunks_mut(row_samples).for_each(|row| difference(row, channels, u8::wrapping_sub));
            self.pending.append(&mut samples);
        }
        self.write_strips(false).map_err(|error| describe_io(&error))
    }

    fn finish(mut self: Box<Self>) -> Result<u64, String> {
        self.end().map(|()| 0).map_err(|error| describe_io(&error))
    }
}

/// Each sample minus that of the pixel before, which compresses photographs far better.
fn difference<T: Copy>(row: &mut [T], channels: usize, minus: fn(T, T) -> T) {
    for i in (channels..row.len()).rev() {
        row[i] = minus(row[i], row[i - channels]);
    }
}

fn compress(strip: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(strip.len() / 2);
    Deflate::with_level(DeflateLevel::Balanced).write_to(&mut out, strip)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::{Metadata, Picture, Samples};

    #[test]
    fn a_big_one_is_read_back_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.tif");
        let size = Size::new(7, 5);
        let options = SaveOptions {
            size,
            channels: 3,
            bits: 8,
            quality: 90,
            overwrite: true,
            dpi: None,
            metadata: Metadata::default(),
        };
        let mut sink = TiffSink::start(File::create(&path).unwrap(), &options).unwrap();
        sink.file.rewind().unwrap();
        (sink.is_big, sink.position) = (true, 0);
        sink.put(&header(true, 0)).unwrap();
        let data: Vec<f32> = (0..105u8).map(|v| f32::from(v) / 255.0).collect();
        sink.write(&Raster { size, channels: 3, data }).unwrap();
        Box::new(sink).finish().unwrap();
        assert_eq!(Picture::open(&path).unwrap().rgb, Samples::U8((0..105).collect()));
    }

    #[test]
    fn four_gigabytes_make_it_big() {
        let file = || tempfile::tempfile().unwrap();
        let options = |height| SaveOptions {
            size: Size::new(40_000, height),
            channels: 4,
            bits: 16,
            quality: 90,
            overwrite: true,
            dpi: None,
            metadata: Metadata::default(),
        };
        assert!(!TiffSink::start(file(), &options(10_000)).unwrap().is_big);
        assert!(TiffSink::start(file(), &options(20_000)).unwrap().is_big);
    }
}
