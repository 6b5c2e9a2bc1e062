// The consistency lock of a frame: for source pixels that it reads, what is to be added so that what is shown, shrunk again, is
// the source (`src/picture/resample/projection.rs`).
//
//     difference = source - shrunk,   residual = K⁻¹ difference
//
// What is shown is the bicubic picture and the field of waves, and both are linear in what a pixel and its neighbours hold:
// nothing is sampled. Shrunk, the bicubic picture is a filter of TAPS values along either axis, and the field a sum over
// SPAN × SPAN cells of cosines and sines in the place of those of a sample; tables hold both. They depend on how near the
// picture's edge a row or column is: the first and the last EDGE are each a kind of their own, all others are one.
//
// A pixel has no residual where a tile that it needs is not there, or where the opacity changes around it: between what is
// there and what is not no colour can be asked to be the source's.
//
// In front of this text stand `tiles.wgsl`, and: LUMA, CHROMA (quads of waves), RGB_OF_YCBCR.

const SPAN = 5u;
const TAPS = 7u;
const EDGE = 3u;
const REACH = 2u;           // of the inverse and of cells
const GROUP = 8u;           // pixels of a workgroup along either axis
const WIDE = GROUP + 2u * REACH;
const KIND = (LUMA + CHROMA) * SPAN * 2u + 2u;

struct Params {
    rect: vec4<u32>,        // the source pixels: the first column and row, columns, rows
    tiles: vec4<u32>,       // of the source: see `place`
    field_tiles: vec4<u32>, // of the field
    size: vec2<u32>,        // the picture: columns, rows
    kinds: vec2<u32>,       // of columns, of rows
    deviation: vec3<f32>,   // from normalised RGB to RGB
    field_slots: u32,       // where those of the field begin in `slots`
    inverse: array<vec4<f32>, 2>,   // of K, along x and y: at a pixel, one and two pixels from it
    columns: u32,           // where the tables of columns begin in `tables`, in quads; those of rows begin at 0
}

@group(0) @binding(0) var<uniform> p: Params;
// Of each kind: for each quad of waves, for each of SPAN cells cosine and sine; then TAPS weights, filled up.
@group(0) @binding(4) var<storage, read> tables: array<vec4<f32>>;
// Of the rectangle's pixels, row by row: red and green, blue, half precision.
@group(0) @binding(5) var<storage, read_write> differences: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> residuals: array<vec2<u32>>;

// The cells around a workgroup, one component of four waves at a time, and combined along y.
var<workgroup> cell_places: array<u32, WIDE * WIDE>;
var<workgroup> cosines: array<vec4<f32>, WIDE * WIDE>;
var<workgroup> sines: array<vec4<f32>, WIDE * WIDE>;
var<workgroup> of_cosines: array<vec4<f32>, GROUP * WIDE>;
var<workgroup> of_sines: array<vec4<f32>, GROUP * WIDE>;

// A thread's pixel.
struct Pixel {
    thread: u32,
    local: vec2<u32>,       // in the workgroup
    first: vec2<u32>,       // the workgroup's first one in the picture
    x: u32,                 // where the table of its column begins
}

fn kind_of(at: u32, size: u32, kinds: u32) -> u32 {
    if at < EDGE { return at; }
    if at + kinds <= size + EDGE { return EDGE; }
    return at + kinds - size;
}

fn column_table(x: u32) -> u32 {
    return p.columns + kind_of(x, p.size.x, p.kinds.x) * KIND;
}

fn row_table(y: u32) -> u32 {
    return kind_of(y, p.size.y, p.kinds.y) * KIND;
}

// The pixel that lies `by` from one, or the outermost one.
fn beside(at: u32, by: u32, back: u32, size: u32) -> u32 {
    return min(max(at + by, back) - back, size - 1u);
}

fn find_cells(pixel: Pixel) {
    for (var n = pixel.thread; n < WIDE * WIDE; n += GROUP * GROUP) {
        let x = beside(pixel.first.x, n % WIDE, REACH, p.size.x);
        let y = beside(pixel.first.y, n / WIDE, REACH, p.size.y);
        cell_places[n] = place(x, y, p.field_tiles, p.field_slots);
    }
    workgroupBarrier();
}

fn has_all_cells(pixel: Pixel) -> bool {
    for (var n = 0u; n < SPAN * SPAN; n++) {
        if cell_places[(pixel.local.y + n / SPAN) * WIDE + pixel.local.x + n % SPAN] == MISSING { return false; }
    }
    return true;
}

// The shrunk field of four waves at a pixel, whose amplitudes begin at quad `first` of a cell.
fn four_waves(pixel: Pixel, first: u32, waves: u32) -> f32 {
    for (var n = pixel.thread; n < WIDE * WIDE; n += GROUP * GROUP) {
        var cosine = vec4<f32>();
        var sine = vec4<f32>();
        if cell_places[n] != MISSING {
            cosine = amplitudes_at(cell_places[n] * STRIDE + first);
            sine = amplitudes_at(cell_places[n] * STRIDE + first + 1u);
        }
        cosines[n] = cosine;
        sines[n] = sine;
    }
    workgroupBarrier();
    for (var n = pixel.thread; n < GROUP * WIDE; n += GROUP * GROUP) {
        let table = row_table(min(pixel.first.y + n / WIDE, p.size.y - 1u)) + waves * SPAN * 2u;
        var a = vec4<f32>();
        var b = vec4<f32>();
        for (var d = 0u; d < SPAN; d++) {
            let cosine = tables[table + 2u * d];
            let sine = tables[table + 2u * d + 1u];
            a = fma(sine, sines[n + d * WIDE], fma(cosine, cosines[n + d * WIDE], a));
            b = fma(-sine, cosines[n + d * WIDE], fma(cosine, sines[n + d * WIDE], b));
        }
        of_cosines[n] = a;
        of_sines[n] = b;
    }
    workgroupBarrier();
    var sum = vec4<f32>();
    for (var d = 0u; d < SPAN; d++) {
        let table = pixel.x + (waves * SPAN + d) * 2u;
        let n = pixel.local.y * WIDE + pixel.local.x + d;
        sum = fma(tables[table + 1u], of_sines[n], fma(tables[table], of_cosines[n], sum));
    }
    return dot(sum, vec4(1.0));
}

// The shrunk field at a pixel, in RGB. All threads of a workgroup come here together.
fn shrunk_field(pixel: Pixel) -> vec3<f32> {
    var color = vec3<f32>();
    for (var k = 0u; k < LUMA; k++) {
        color.x += four_waves(pixel, 2u * k, k);
    }
    for (var k = 0u; k < CHROMA; k++) {
        color.y += four_waves(pixel, 2u * LUMA + 4u * k, LUMA + k);
        color.z += four_waves(pixel, 2u * LUMA + 4u * k + 2u, LUMA + k);
    }
    return p.deviation * (RGB_OF_YCBCR * color);
}

// What a pixel of the source is more than the bicubic picture, shrunk; and 1, or 0 where that is not to be known.
fn from_bicubic(at: vec2<u32>) -> vec4<f32> {
    let own = place(at.x, at.y, p.tiles, 0u);
    if own == MISSING { return vec4<f32>(); }
    let color = pixel_at(own);
    let down = row_table(at.y) + KIND - 2u;
    let across = column_table(at.x) + KIND - 2u;
    var sum = vec3<f32>();
    for (var j = 0u; j < TAPS; j++) {
        let y = beside(at.y, j, TAPS / 2u, p.size.y);
        for (var i = 0u; i < TAPS; i++) {
            let next = place(beside(at.x, i, TAPS / 2u, p.size.x), y, p.tiles, 0u);
            if next == MISSING { return vec4<f32>(); }
            let other = pixel_at(next);
            if other.a != color.a { return vec4<f32>(); }
            sum += tables[down + j / 4u][j % 4u] * tables[across + i / 4u][i % 4u] * other.rgb;
        }
    }
    return vec4(color.rgb - sum, 1.0);
}

@compute @workgroup_size(GROUP, GROUP)
fn compare(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
    let first = p.rect.xy + GROUP * group.xy;
    let at = min(first + thread.xy, p.rect.xy + p.rect.zw - 1u);
    let pixel = Pixel(thread.y * GROUP + thread.x, thread.xy, first, column_table(at.x));
    find_cells(pixel);
    let field = shrunk_field(pixel);
    if any(first + thread.xy != at) { return; }
    let known = from_bicubic(at);
    var difference = vec3<f32>();
    if known.a > 0.0 && has_all_cells(pixel) { difference = known.rgb - field; }
    let place = at - p.rect.xy;
    differences[place.y * p.rect.z + place.x] = packed(difference);
}

@compute @workgroup_size(GROUP, GROUP)
fn invert(@builtin(global_invocation_id) thread: vec3<u32>) {
    if any(thread.xy >= p.rect.zw) { return; }
    var sum = vec3<f32>();
    for (var j = 0u; j < SPAN; j++) {
        let row = beside(thread.y, j, REACH, p.rect.w) * p.rect.z;
        for (var i = 0u; i < SPAN; i++) {
            let words = differences[row + beside(thread.x, i, REACH, p.rect.z)];
            let weight = p.inverse[1][distance_to(j)] * p.inverse[0][distance_to(i)];
            sum += weight * vec3(unpack2x16float(words.x), unpack2x16float(words.y).x);
        }
    }
    residuals[thread.y * p.rect.z + thread.x] = packed(sum);
}

// How far one of SPAN pixels is from the middle one.
fn distance_to(i: u32) -> u32 {
    return max(i, REACH) - min(i, REACH);
}

fn packed(color: vec3<f32>) -> vec2<u32> {
    return vec2(pack2x16float(color.rg), pack2x16float(vec2(color.b, 0.0)));
}
