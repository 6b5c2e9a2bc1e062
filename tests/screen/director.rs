//! Moves the mouse, turns the wheel, presses keys, waits, photographs the screen, and compares.

use crate::icc;
use crate::keyboard::{Screen, key};
use crate::stage::{Observed, Snapshot};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use zoomfield::app::settings::mode::Mode;
use zoomfield::geometry::{PixelRect, Region, Size, View};
use zoomfield::picture::{Picture, Raster, Samples};
use zoomfield::recipe::Source;

/// Far above the 45 dB that people would not notice: at ×30 one screen pixel is a thirtieth of a source pixel, and a
/// view that is off by it must fail.
const SAME_DB: f64 = 60.0;

/// The same where an export is rounded before it is converted.
const SAME_COLORS_DB: f64 = 48.0;

/// The first act: open, zoom, pan, compare, export, walk on, set.
pub(crate) fn first_act(watched: &Observed, folder: &Path) {
    let screen = Screen::connect();
    let fitted = wait("the fitted picture", watched, |s| s.is_exact && s.canvas.is_some());
    screen.focus_window();
    photograph(&screen, fitted.canvas.unwrap(), "fit");
    zoom_in(&screen, watched, fitted.canvas.unwrap());
    let shown = wait("the exact picture at ×30", watched, |s| s.is_exact && s.view.unwrap().zoom >= 30.0);
    let seen = photograph(&screen, shown.canvas.unwrap(), "x30");
    compare(&shown, &seen);
    pan(&screen, watched);
    look_around(&screen, watched);
    export_by_keys(&screen, watched, folder);
    lose_the_device(&screen, watched);
    // What waits for the view waits for that of the new window.
    export_by_keys(&screen, watched, folder);
    walk_on(&screen, watched);
    set(&screen, watched);
}

/// The second act, after a restart: the settings are those of the first.
pub(crate) fn second_act(watched: &Observed) {
    let screen = Screen::connect();
    let shown = wait("the picture after a restart", watched, |s| s.is_exact && s.canvas.is_some());
    assert_eq!(shown.mode, Some(Mode::Always(Source::NEURAL)), "the settings did not survive the restart");
    let seen = photograph(&screen, shown.canvas.unwrap(), "restarted");
    compare_colors(&shown, &seen);
}

/// The profile of the second act's screen: Adobe's colours.
pub(crate) fn screen_profile() -> Vec<u8> {
    let mut tags = icc::matrix(icc::ADOBE_RGB, &icc::gamma(563));
    tags.push(icc::white());
    icc::assemble([2, 0x40, 0, 0], *b"RGB ", *b"XYZ ", tags)
}

/// What the screen is given are its own colours of what an export writes in sRGB.
fn compare_colors(shown: &Snapshot, seen: &Picture) {
    let (exported, corner) = export_view(shown);
    let Samples::U8(rgb) = &exported.rgb else { panic!("8 bits") };
    let data = rgb.iter().map(|value| f32::from(*value) / 255.0).collect();
    let mut converted = Raster { size: exported.size, channels: 3, data };
    let own = zoomfield::picture::Screen::from_profile(&screen_profile()).unwrap();
    exported.clone().seen_on(&own).color.show(&mut converted);
    let rgb = converted.data.iter().map(|value| (value * 255.0).round() as u8).collect();
    let [own, plain] = [&Picture::from_rgb8(exported.size, rgb), &exported].map(|made| psnr(made, seen, corner));
    assert!(own >= SAME_COLORS_DB && plain < SAME_COLORS_DB, "{own:.1} dB, and {plain:.1} dB of sRGB");
    println!("on a screen with a profile: its colours by {own:.1} dB; sRGB {plain:.1} dB");
}

pub(crate) fn wait(what: &str, watched: &Observed, is_there: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let deadline = Instant::now() + Duration::from_mins(3);
    loop {
        let snapshot = watched.snapshot.lock().unwrap().clone();
        if snapshot.view.is_some() && is_there(&snapshot) {
            return snapshot;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}; there is {snapshot:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Turns the wheel over the cat's eye; the image position under the cursor must stay where it is.
fn zoom_in(screen: &Screen, watched: &Observed, canvas: PixelRect) {
    let cursor = [canvas.width as f64 * 0.46, canvas.height as f64 * 0.42].map(f64::floor);
    let on_root = |i: usize, start: usize| (start as f64 + cursor[i]) as i16;
    screen.move_to(on_root(0, canvas.x), on_root(1, canvas.y));
    let before = watched.snapshot.lock().unwrap().view.unwrap().image_from_screen(cursor);
    let deadline = Instant::now() + Duration::from_mins(3);
    while at_rest(watched).zoom < 30.0 {
        assert!(Instant::now() < deadline, "the wheel does not zoom");
        screen.turn_wheel();
    }
    let view = wait("×30", watched, |s| s.view.unwrap().zoom >= 30.0).view.unwrap();
    let now = view.screen_from_image(before);
    // The cursor's own position is known to a pixel, which the fitted view's zoom turns into zoom / fit pixels.
    let off = (now[0] - cursor[0]).hypot(now[1] - cursor[1]);
    assert!(off <= 20.0, "the point under the cursor went {off} pixels away");
}

/// The view once it has stood still for a while.
pub(crate) fn at_rest(watched: &Observed) -> View {
    let mut view = None;
    loop {
        std::thread::sleep(Duration::from_millis(600));
        let now = watched.snapshot.lock().unwrap().view;
        if let Some(rest) = now.filter(|_| now == view) {
            return rest;
        }
        view = now;
    }
}

/// The middle button moves the picture exactly as far as the mouse goes.
fn pan(screen: &Screen, watched: &Observed) {
    let before = wait("the exact view", watched, |s| s.is_exact).view.unwrap().corner_on_screen;
    screen.drag_by_middle([500, 380], [400, 420]);
    let goal = [before[0] - 100.0, before[1] + 40.0];
    wait("the view after the drag", watched, |s| s.is_exact && s.view.unwrap().corner_on_screen == goal);
}

/// Compares, and holds the key that shows the source.
fn look_around(screen: &Screen, watched: &Observed) {
    screen.type_text("c");
    let split = wait("the comparison", watched, |s| s.has_split && s.is_exact);
    photograph(screen, split.canvas.unwrap(), "compare");
    screen.type_text("c");
    wait("the end of the comparison", watched, |s| !s.has_split && s.is_exact);
    screen.hold(u32::from('o'));
    let source = wait("the source pixels", watched, |s| s.is_original_held && s.is_exact);
    photograph(screen, source.canvas.unwrap(), "original");
    screen.let_go(u32::from('o'));
    wait("the network's pixels", watched, |s| !s.is_original_held && s.is_exact);
}

/// Exports under the name that is proposed, beside the picture.
fn export_by_keys(screen: &Screen, watched: &Observed, folder: &Path) {
    let shown = wait("the exact view", watched, |s| s.is_exact);
    let seen = photograph(screen, shown.canvas.unwrap(), "before-export");
    screen.press(&[key::CONTROL, u32::from('e')]);
    std::thread::sleep(Duration::from_millis(800));
    photograph(screen, shown.canvas.unwrap(), "export-panel");
    // The name's field has the focus.
    screen.press(&[key::ENTER]);
    let quality = compare_export(folder, &seen, shown.view.unwrap());
    println!("exported by keys: the file = the screen by {quality:.1} dB");
}

/// Waits for an export of the cat, compares it with what was seen of `view`, and removes it. Answers the PSNR.
pub(crate) fn compare_export(folder: &Path, seen: &Picture, view: View) -> f64 {
    let deadline = Instant::now() + Duration::from_mins(3);
    let written = loop {
        let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        if let Some(file) = files.into_iter().find(|path| path.to_string_lossy().contains("chelsea-x")) {
            break file;
        }
        assert!(Instant::now() < deadline, "the export was not written");
        std::thread::sleep(Duration::from_millis(100));
    };
    let exported = Picture::open(&written).unwrap();
    let quality = psnr(&exported, seen, view.corner_on_screen.map(|v| v.max(0.0) as usize));
    assert!(quality >= SAME_DB, "the exported file is not what was seen: {quality:.1} dB");
    std::fs::remove_file(written).unwrap();
    quality
}

fn walk_on(screen: &Screen, watched: &Observed) {
    let before = watched.snapshot.lock().unwrap().name.clone();
    screen.press(&[key::RIGHT]);
    let next = wait("the next picture", watched, |s| s.name != before && s.is_exact);
    photograph(screen, next.canvas.unwrap(), "next");
}

/// Looks at settings, help and minimap, and changes a setting.
fn set(screen: &Screen, watched: &Observed) {
    let shown = wait("a picture", watched, |s| s.is_exact);
    for (keys, name) in [(vec![key::CONTROL, u32::from(',')], "settings"), (vec![0xffbe], "help")] {
        screen.press(&keys);
        std::thread::sleep(Duration::from_millis(800));
        photograph(screen, shown.canvas.unwrap(), name);
        screen.press(&[key::ESCAPE]);
    }
    screen.type_text("v");
    wait("the other mode", watched, |s| s.mode == Some(Mode::Always(Source::NEURAL)));
}

/// The act of a graphics device that does not last: the window gives up rather than open again and again.
pub(crate) fn lost_again_act(watched: &Observed) {
    let screen = Screen::connect();
    for (losses, is_in_mid_frame) in [(0, true), (1, false)] {
        wait("the picture", watched, |s| s.is_exact && s.canvas.is_some() && s.losses == losses);
        take_the_device(&screen, watched, is_in_mid_frame);
    }
    std::thread::sleep(Duration::from_mins(1));
}

/// Takes it between two frames, or in one that is laid out but not yet painted.
fn take_the_device(screen: &Screen, watched: &Observed, is_in_mid_frame: bool) {
    // Between two frames: the last one must be over.
    std::thread::sleep(Duration::from_millis(1500));
    if is_in_mid_frame {
        watched.is_to_be_lost.store(true, Ordering::SeqCst);
    } else {
        watched.take_the_device();
    }
    // The window sees it when it draws again.
    screen.move_to(300, 300);
    screen.move_to(310, 300);
}

/// Takes the window's graphics device away: the picture comes back in another window, as it was.
fn lose_the_device(screen: &Screen, watched: &Observed) {
    screen.type_text("6");
    let before = wait("the view before the loss", watched, |s| s.is_exact && s.view.unwrap().zoom == 6.0);
    let seen = photograph(screen, before.canvas.unwrap(), "before-loss");
    take_the_device(screen, watched, false);
    let after = wait("the picture after the loss", watched, |s| s.losses == 1 && s.is_exact && s.canvas.is_some());
    screen.focus_window();
    assert_eq!((after.view, &after.name, after.canvas), (before.view, &before.name, before.canvas));
    let again = photograph(screen, after.canvas.unwrap(), "after-loss");
    let [before, after] = [seen, again].map(|picture| upper_part(&picture));
    assert!(before == after, "after the loss of its device the window shows something else");
    screen.type_text("2");
    wait("another view", watched, |s| s.is_exact && s.view.unwrap().zoom == 2.0);
    println!("the window's device was lost: the same pixels came back");
}

/// Where neither messages nor finished exports nor the minimap above them lie: the upper half of a photograph of the
/// canvas.
fn upper_rows(picture: &Picture) -> usize {
    picture.size.height / 2
}

fn upper_part(picture: &Picture) -> Vec<u8> {
    let Samples::U8(rgb) = &picture.rgb else { panic!("8 bits") };
    rgb[..picture.size.width * 3 * upper_rows(picture)].to_vec()
}

/// The canvas as the screen shows it, kept as an artefact.
pub(crate) fn photograph(screen: &Screen, canvas: PixelRect, name: &str) -> Picture {
    // The last frame may still be on its way to the screen.
    std::thread::sleep(Duration::from_millis(1200));
    let whole = screen.connection.get_geometry(screen.root).unwrap().reply().unwrap();
    let all = PixelRect { x: 0, y: 0, width: whole.width.into(), height: whole.height.into() };
    grab(screen, all).save_as(&format!("{name}-window.png"));
    grab(screen, canvas)
}

/// The window has no frame (there is no window manager) and lies in the screen's corner.
fn grab(screen: &Screen, rect: PixelRect) -> Picture {
    let [x, y] = [rect.x, rect.y].map(|v| v as i16);
    let [width, height] = [rect.width, rect.height].map(|v| v as u16);
    let request = screen.connection.get_image(ImageFormat::Z_PIXMAP, screen.root, x, y, width, height, !0);
    let image = request.unwrap().reply().unwrap();
    let rgb = image.data.as_chunks::<4>().0.iter().flat_map(|[b, g, r, _]| [*r, *g, *b]).collect();
    Picture::from_rgb8(rect.size(), rgb)
}

trait SaveAs {
    fn save_as(&self, name: &str);
}

impl SaveAs for Picture {
    fn save_as(&self, name: &str) {
        let Samples::U8(rgb) = &self.rgb else { return };
        let path = artefact(name);
        image::save_buffer(path, rgb, self.size.width as u32, self.size.height as u32, image::ColorType::Rgb8).unwrap();
    }
}

/// Photographs are kept where `ZOOMFIELD_SHOTS` says, else among the build's files.
fn artefact(name: &str) -> PathBuf {
    let folder = std::env::var_os("ZOOMFIELD_SHOTS").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    folder.join(format!("screen-{name}"))
}

fn compare(shown: &Snapshot, seen: &Picture) {
    let (exported, corner) = export_view(shown);
    let view = shown.view.unwrap();
    let quality = psnr(&exported, seen, corner);
    assert!(quality >= SAME_DB, "the screen and the export differ: {quality:.1} dB");
    let region = view.region_of(visible(shown));
    let shifted = export(Region { x: region.x - 1.0 / view.zoom, ..region }, exported.size);
    let off_by_one = psnr(&shifted, seen, corner);
    assert!(off_by_one < SAME_DB, "a view that is one pixel off passes: {off_by_one:.1} dB");
    println!("×{:.1}: screen = export by {quality:.1} dB; shifted by one pixel {off_by_one:.1} dB", view.zoom);
}

/// The part of the canvas that has pixels of the picture.
fn visible(shown: &Snapshot) -> PixelRect {
    shown.view.unwrap().visible_output(shown.picture.unwrap(), shown.canvas.unwrap().size()).unwrap()
}

/// What an export makes of a view, and where on the canvas that lies.
fn export_view(shown: &Snapshot) -> (Picture, [usize; 2]) {
    let (view, output) = (shown.view.unwrap(), visible(shown));
    let exported = export(view.region_of(output), output.size());
    (exported, view.corner_on_screen.map(|v| v.max(0.0) as usize))
}

/// A region through the command line.
fn export(region: Region, size: Size) -> Picture {
    let path = artefact("export.png");
    let status = Command::new(env!("CARGO_BIN_EXE_zoomfield"))
        .args(["export", concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chelsea.png"), "--overwrite", "-o"])
        .arg(&path)
        .args(["--crop", &region.to_string(), "--size", &format!("{}x{}", size.width, size.height)])
        .status()
        .unwrap();
    assert!(status.success(), "the export failed");
    Picture::open(&path).unwrap()
}

/// PSNR of 8-bit pixels, the export laid on the screen at `corner`; where minimap and messages lie is left out.
fn psnr(exported: &Picture, seen: &Picture, corner: [usize; 2]) -> f64 {
    let (Samples::U8(a), Samples::U8(b)) = (&exported.rgb, &seen.rgb) else { panic!("8 bits") };
    let (mut squares, mut count) = (0.0, 0_usize);
    let rows = 0..exported.size.height;
    for y in rows.take_while(|y| y + corner[1] < upper_rows(seen)) {
        for x in 0..exported.size.width {
            let (at, on_screen) =
                ((y * exported.size.width + x) * 3, ((y + corner[1]) * seen.size.width + x + corner[0]) * 3);
            squares += (0..3).map(|c| (f64::from(a[at + c]) - f64::from(b[on_screen + c])).powi(2)).sum::<f64>();
            count += 3;
        }
    }
    10.0 * (255.0 * 255.0 * count as f64 / squares.max(1e-3)).log10()
}
