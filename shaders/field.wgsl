// The field of waves (`waves.wgsl`, which stands in front of this text) for a grid of samples: a thread a sample, a
// workgroup SIDE × SIDE of them, which read the same few source pixels.

struct Params {
    start: u32,             // the first workgroup's place, counted row by row
    across: u32,            // workgroups in a row
    width: u32,             // samples
    height: u32,
    columns: u32,           // where the turns of columns begin in `turns`, in quads; those of rows begin at 0
}

@group(0) @binding(0) var<uniform> p: Params;
// [source pixels, 2 LUMA + 4 CHROMA].
@group(0) @binding(1) var<storage, read> amplitudes: array<quad>;
// For each row, then for each column, what it adds to the index of a source pixel's first quad: at its two neighbours.
@group(0) @binding(2) var<storage, read> places: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> turns: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> rgb: array<f32>;

fn amplitudes_at(at: u32) -> vec4<f32> {
    return vec4<f32>(amplitudes[at]);
}

fn turn_at(at: u32) -> vec4<f32> {
    return turns[at];
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
    let tile = p.start + group.x;
    let row = tile / p.across * SIDE + thread.y;
    let column = tile % p.across * SIDE + thread.x;
    if row >= p.height || column >= p.width { return; }
    let y = places[row];
    let x = places[p.height + column];
    let corners = vec4(y.x + x.x, y.x + x.y, y.y + x.x, y.y + x.y);
    let color = field(corners, Axis(row, p.height), Axis(p.columns + column, p.width));
    let at = 3u * (row * p.width + column);
    rgb[at] = color.x;
    rgb[at + 1u] = color.y;
    rgb[at + 2u] = color.z;
}
