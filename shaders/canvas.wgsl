// The window's canvas: at every pixel of the screen the bicubic picture and the field of waves (`waves.wgsl`, which stands
// in front of this text), at the zoom of this very frame. Where a tile of the source that a pixel reads is not there,
// nothing is drawn.
//
// Cells lie tile by tile, SIDE × SIDE of them, row by row. A cell is a source pixel: its straight colour and opacity, four
// 16-bit fractions; then its amplitudes, half precision, four at a time.
//
// In front of this text stand further: SIDE, STRIDE (pairs of words of a cell), IS_LINEAR (whether what is written is
// taken for linear light).

const MISSING = 0xffffffffu;

struct Params {
    area: vec2<f32>,        // the first sample's pixel on the target
    size: vec2<u32>,        // samples
    tiles: vec4<u32>,       // of the source, which `slots` knows: the first column and row, columns, rows
    last: vec2<u32>,        // the last source pixel
    columns: u32,           // where the turns of columns begin in `turns`, in quads; those of rows begin at 0
    strength: f32,
    deviation: vec4<f32>,   // from normalised RGB to RGB
}

// One row or column of samples.
struct Line {
    between: vec2<u32>,     // the source pixels before and behind it
    first: u32,             // the first of the four that bicubic interpolation reads
    padding: u32,
    weights: vec4<f32>,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> cells: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> slots: array<u32>;
// Rows, then columns.
@group(0) @binding(3) var<storage, read> axes: array<Line>;
@group(0) @binding(4) var<storage, read> turns: array<vec4<f32>>;

fn amplitudes_at(at: u32) -> vec4<f32> {
    let words = cells[at];
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn turn_at(at: u32) -> vec4<f32> {
    return turns[at];
}

// Where a source pixel's cell begins.
fn cell(x: u32, y: u32) -> u32 {
    let tile = vec2(x / SIDE, y / SIDE) - p.tiles.xy;
    if any(tile >= p.tiles.zw) { return MISSING; }
    let slot = slots[tile.y * p.tiles.z + tile.x];
    if slot == MISSING { return MISSING; }
    return ((slot * SIDE + y % SIDE) * SIDE + x % SIDE) * STRIDE;
}

@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    // One triangle that is larger than the viewport.
    return vec4(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn paint(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let place = at.xy - p.area;
    if any(place < vec2(0.0)) || any(place >= vec2<f32>(p.size)) { discard; }
    let sample = vec2<u32>(place);
    let row = axes[sample.y];
    let column = axes[p.size.y + sample.x];

    // Colours times opacity, so that what a transparent pixel hides does not bleed out.
    var sum = vec4<f32>();
    for (var j = 0u; j < 4u; j++) {
        let y = min(row.first + j, p.last.y);
        var across = vec4<f32>();
        for (var i = 0u; i < 4u; i++) {
            let begin = cell(min(column.first + i, p.last.x), y);
            if begin == MISSING { discard; }
            let words = cells[begin];
            let color = vec4(unpack2x16unorm(words.x), unpack2x16unorm(words.y));
            across += column.weights[i] * vec4(color.rgb * color.a, color.a);
        }
        sum += row.weights[j] * across;
    }
    let base = select(vec3<f32>(), sum.rgb / sum.a, sum.a > 1e-6);

    let left_top = cell(column.between.x, row.between.x);
    let right_top = cell(column.between.y, row.between.x);
    let left_bottom = cell(column.between.x, row.between.y);
    let right_bottom = cell(column.between.y, row.between.y);
    let corners = vec4(left_top, right_top, left_bottom, right_bottom);
    if any(corners == vec4(MISSING)) { discard; }
    let detail = field(corners + 1u, Axis(sample.y, p.size.y), Axis(p.columns + sample.x, p.size.x));

    let limits = mat2x3(vec3<f32>(), vec3(1.0));
    let plain = clamp(base, limits[0], limits[1]);
    let sharp = clamp(base + detail * p.deviation.rgb, limits[0], limits[1]);
    let color = mix(plain, sharp, p.strength);
    let opacity = clamp(sum.a, 0.0, 1.0);
    return vec4(written(color * opacity), opacity);
}

// What makes the target hold these values.
fn written(color: vec3<f32>) -> vec3<f32> {
    if IS_LINEAR == 0u { return color; }
    return select(pow((color + 0.055) / 1.055, vec3(2.4)), color / 12.92, color <= vec3(0.04045));
}
