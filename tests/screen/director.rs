//! Moves the mouse, turns the wheel, waits, photographs the screen, and compares.

use crate::stage::Snapshot;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, ImageFormat, MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use zoomfield::geometry::{PixelRect, Region, Size};
use zoomfield::picture::{Picture, Samples};

/// The wheel's button for "away from the person".
const WHEEL_UP: u8 = 4;

/// Far above the 45 dB that people would not notice: at ×30 one screen pixel is a thirtieth of a source pixel, and a
/// view that is off by it must fail.
const SAME_DB: f64 = 60.0;

struct Screen {
    connection: RustConnection,
    root: u32,
}

pub(crate) fn direct(watched: &Mutex<Snapshot>) {
    let (connection, number) = x11rb::connect(None).expect("the virtual screen answers");
    let root = connection.setup().roots[number].root;
    let screen = Screen { connection, root };
    let fitted = wait("the fitted picture", watched, |s| s.is_exact && s.canvas.is_some());
    photograph(&screen, fitted.canvas.unwrap(), "fit");
    zoom_in(&screen, watched, fitted.canvas.unwrap());
    let shown = wait("the exact picture at ×30", watched, |s| s.is_exact && s.view.unwrap().zoom >= 30.0);
    let seen = photograph(&screen, shown.canvas.unwrap(), "x30");
    compare(&shown, &seen);
}

fn wait(what: &str, watched: &Mutex<Snapshot>, is_there: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let deadline = Instant::now() + Duration::from_mins(5);
    loop {
        let snapshot = watched.lock().unwrap().clone();
        if snapshot.view.is_some() && is_there(&snapshot) {
            return snapshot;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Screen {
    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) {
        self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap();
        self.connection.flush().unwrap();
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Turns the wheel over the cat's eye; the image position under the cursor must stay where it is.
fn zoom_in(screen: &Screen, watched: &Mutex<Snapshot>, canvas: PixelRect) {
    let cursor = [canvas.width as f64 * 0.46, canvas.height as f64 * 0.42].map(f64::floor);
    let on_root = |i: usize, start: usize| (start as f64 + cursor[i]) as i16;
    screen.fake(MOTION_NOTIFY_EVENT, 0, on_root(0, canvas.x), on_root(1, canvas.y));
    let before = watched.lock().unwrap().view.unwrap().image_from_screen(cursor);
    let deadline = Instant::now() + Duration::from_mins(3);
    while at_rest(watched) < 30.0 {
        assert!(Instant::now() < deadline, "the wheel does not zoom");
        screen.fake(BUTTON_PRESS_EVENT, WHEEL_UP, 0, 0);
        screen.fake(BUTTON_RELEASE_EVENT, WHEEL_UP, 0, 0);
    }
    let view = wait("×30", watched, |s| s.view.unwrap().zoom >= 30.0).view.unwrap();
    let now = view.screen_from_image(before);
    // The cursor's own position is known to a pixel, which the fitted view's zoom turns into zoom / fit pixels.
    let off = (now[0] - cursor[0]).hypot(now[1] - cursor[1]);
    assert!(off <= 20.0, "the point under the cursor went {off} pixels away");
}

/// The zoom once it has stood still for a while.
fn at_rest(watched: &Mutex<Snapshot>) -> f64 {
    let mut zoom = 0.0;
    loop {
        std::thread::sleep(Duration::from_millis(600));
        let now = watched.lock().unwrap().view.unwrap().zoom;
        if now == zoom {
            return zoom;
        }
        zoom = now;
    }
}

/// The canvas as the screen shows it, kept as an artefact.
fn photograph(screen: &Screen, canvas: PixelRect, name: &str) -> Picture {
    // The last frame may still be on its way to the screen.
    std::thread::sleep(Duration::from_millis(500));
    let whole = screen.connection.get_geometry(screen.root).unwrap().reply().unwrap();
    let all = PixelRect { x: 0, y: 0, width: whole.width.into(), height: whole.height.into() };
    grab(screen, all).save_as(&format!("{name}-window.png"));
    let picture = grab(screen, canvas);
    picture.save_as(&format!("{name}-canvas.png"));
    picture
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

fn artefact(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("screen-{name}"))
}

fn compare(shown: &Snapshot, seen: &Picture) {
    let (view, canvas) = (shown.view.unwrap(), shown.canvas.unwrap());
    let output = view.visible_output(shown.picture.unwrap(), canvas.size()).unwrap();
    let exported = export(view.region_of(output), output.size());
    let corner = view.corner_on_screen.map(|v| v.max(0.0) as usize);
    let quality = psnr(&exported, seen, corner);
    assert!(quality >= SAME_DB, "the screen and the export differ: {quality:.1} dB");
    let region = view.region_of(output);
    let shifted = export(Region { x: region.x - 1.0 / view.zoom, ..region }, output.size());
    let off_by_one = psnr(&shifted, seen, corner);
    assert!(off_by_one < SAME_DB, "a view that is one pixel off passes: {off_by_one:.1} dB");
    println!("×{:.1}: screen = export by {quality:.1} dB; shifted by one pixel {off_by_one:.1} dB", view.zoom);
}

/// The same region through the command line.
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

/// PSNR of 8-bit pixels, the export laid on the screen at `corner`.
fn psnr(exported: &Picture, seen: &Picture, corner: [usize; 2]) -> f64 {
    let (Samples::U8(a), Samples::U8(b)) = (&exported.rgb, &seen.rgb) else { panic!("8 bits") };
    let mut squares = 0.0;
    for y in 0..exported.size.height {
        let a = &a[y * exported.size.width * 3..][..exported.size.width * 3];
        let b = &b[((y + corner[1]) * seen.size.width + corner[0]) * 3..][..a.len()];
        squares += a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
    }
    10.0 * (255.0 * 255.0 * a.len() as f64 / squares.max(1e-3)).log10()
}
