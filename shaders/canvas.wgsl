// The window's canvas: at every pixel of the screen the source resampled, and above ×1 the field of waves added to it, and
// the lock's residual, at the zoom of this very frame. Where a tile of the source that a pixel reads is not there, nothing is
// drawn; where a tile of the field is not there, the source alone.
//
// In front of this text stand `waves.wgsl`, `tiles.wgsl`, and: MOST_TAPS, IS_LINEAR (whether what is written is taken for
// linear light).

struct Params {
    area: vec2<f32>,        // the first sample's pixel on the target
    size: vec2<u32>,        // samples
    tiles: vec4<u32>,       // of the source, which `slots` knows: the first column and row, columns, rows
    field_tiles: vec4<u32>, // the same of the field
    last: vec2<u32>,        // the last pixel of the mip level
    field_slots: u32,       // where those of the field begin in `slots`
    columns: u32,           // where the turns of columns begin in `turns`, in quads; those of rows begin at 0
    deviation: vec3<f32>,   // from normalised RGB to RGB
    strength: f32,          // of the field; 0: there is none
    color_matrix: mat3x3<f32>, // from linear light behind curves to that of the screen
    locked: vec4<u32>,      // the source pixels that `residuals` has: the first column and row, columns, rows
    lock: f32,              // how much of the residual is added; 0: there is none
    is_grey: u32,           // whether the picture has no colours, so that the field must give it none
    color_side: u32,        // entries of `colors` along an axis; 0: colours are the screen's
    curves: u32,            // 1: they are curves to linear light, one a channel, and the screen's is sRGB's; 2: and behind them the
                            // screen's, by the root of the light; 0: they are the screen's colours by red, green and blue
}

// One row or column of samples.
struct Line {
    between: vec2<u32>,     // the source pixels before and behind it
    first: u32,             // the first pixel of the mip level that counts
    taps: u32,              // how many count
    weights: array<f32, MOST_TAPS>,
}

@group(0) @binding(0) var<uniform> p: Params;
// Rows, then columns.
@group(0) @binding(4) var<storage, read> axes: array<Line>;
@group(0) @binding(5) var<storage, read> turns: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> colors: array<vec4<f32>>;
// Red and green, blue: half precision.
@group(0) @binding(7) var<storage, read> residuals: array<vec2<u32>>;

fn turn_at(at: u32) -> vec4<f32> {
    return turns[at];
}

// The source at a sample: colour times opacity, so that what a transparent pixel hides does not bleed out, and opacity.
// All are below zero if a tile is missing.
fn source(row: u32, column: u32) -> vec4<f32> {
    var sum = vec4<f32>();
    for (var j = 0u; j < axes[row].taps; j++) {
        let y = min(axes[row].first + j, p.last.y);
        var across = vec4<f32>();
        for (var i = 0u; i < axes[column].taps; i++) {
            let at = place(min(axes[column].first + i, p.last.x), y, p.tiles, 0u);
            if at == MISSING { return vec4(-1e9); }
            let color = pixel_at(at);
            across += axes[column].weights[i] * vec4(color.rgb * color.a, color.a);
        }
        sum += axes[row].weights[j] * across;
    }
    return sum;
}

// What the network makes of a sample: `base` with what the field adds, and what the lock does.
fn enhanced(sample: vec2<u32>, base: vec3<f32>) -> vec3<f32> {
    let y = axes[sample.y].between;
    let x = axes[p.size.y + sample.x].between;
    let corners = vec4(
        place(x.x, y.x, p.field_tiles, p.field_slots),
        place(x.y, y.x, p.field_tiles, p.field_slots),
        place(x.x, y.y, p.field_tiles, p.field_slots),
        place(x.y, y.y, p.field_tiles, p.field_slots),
    );
    if any(corners == vec4(MISSING)) { return clamp(base, vec3<f32>(), vec3(1.0)); }
    let added = field(corners * STRIDE, Axis(sample.y, p.size.y), Axis(p.columns + sample.x, p.size.x));
    let locked = base + p.deviation * added + p.lock * residual(sample.y, p.size.y + sample.x);
    let color = clamp(locked, vec3<f32>(), vec3(1.0));
    return select(color, vec3(dot(color, vec3(1.0 / 3.0))), p.is_grey == 1u);
}

// The lock's residual at a sample.
fn residual(row: u32, column: u32) -> vec3<f32> {
    var sum = vec3<f32>();
    if p.lock == 0.0 { return sum; }
    for (var j = 0u; j < axes[row].taps; j++) {
        let first = (axes[row].first + j - p.locked.y) * p.locked.z + axes[column].first - p.locked.x;
        var across = vec3<f32>();
        for (var i = 0u; i < axes[column].taps; i++) {
            let words = residuals[first + i];
            across += axes[column].weights[i] * vec3(unpack2x16float(words.x), unpack2x16float(words.y).x);
        }
        sum += axes[row].weights[j] * across;
    }
    return sum;
}

@fragment
fn paint(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let offset = at.xy - p.area;
    if any(offset < vec2(0.0)) || any(offset >= vec2<f32>(p.size)) { discard; }
    let sample = vec2<u32>(offset);
    let sum = source(sample.y, p.size.y + sample.x);
    if sum.a < -1e6 { discard; }
    let base = select(vec3<f32>(), sum.rgb / sum.a, sum.a > 1e-6);
    var color = clamp(base, vec3<f32>(), vec3(1.0));
    if p.strength > 0.0 {
        color = mix(color, enhanced(sample, base), p.strength);
    }
    if p.color_side > 0u { color = shown(color); }
    let opacity = clamp(sum.a, 0.0, 1.0);
    return vec4(written(color * opacity), opacity);
}

// A colour of the picture's space in the screen's.
fn shown(color: vec3<f32>) -> vec3<f32> {
    if p.curves > 0u {
        let linear = clamp(p.color_matrix * on_curves(0u, color), vec3<f32>(), vec3(1.0));
        if p.curves == 2u { return on_curves(p.color_side, sqrt(linear)); }
        return select(1.055 * pow(linear, vec3(1.0 / 2.4)) - 0.055, 12.92 * linear, linear <= vec3(0.0031308));
    }
    let scaled = color * f32(p.color_side - 1u);
    let cell = min(vec3<u32>(scaled), vec3(p.color_side - 2u));
    let part = scaled - vec3<f32>(cell);
    let by_red = p.color_side * p.color_side;
    let at = cell.r * by_red + cell.g * p.color_side + cell.b;
    let low = mix(along_blue(at, part.b), along_blue(at + p.color_side, part.b), part.g);
    let high = mix(along_blue(at + by_red, part.b), along_blue(at + by_red + p.color_side, part.b), part.g);
    return mix(low, high, part.r);
}

// Values in [0, 1] by the three curves that begin at an entry.
fn on_curves(first: u32, values: vec3<f32>) -> vec3<f32> {
    let scaled = values * f32(p.color_side - 1u);
    let cell = min(vec3<u32>(scaled), vec3(p.color_side - 2u));
    let at = cell + first;
    let low = vec3(colors[at.r].r, colors[at.g].g, colors[at.b].b);
    let high = vec3(colors[at.r + 1u].r, colors[at.g + 1u].g, colors[at.b + 1u].b);
    return mix(low, high, scaled - vec3<f32>(cell));
}

fn along_blue(at: u32, part: f32) -> vec3<f32> {
    return mix(colors[at].rgb, colors[at + 1u].rgb, part);
}

// What makes the target hold these values.
fn written(color: vec3<f32>) -> vec3<f32> {
    if IS_LINEAR == 0u { return color; }
    return select(pow((color + 0.055) / 1.055, vec3(2.4)), color / 12.92, color <= vec3(0.04045));
}
