// A convolution, 3×3 or 1×1, that keeps height and width or eats its input's margin:
//
//     output = activation(weight * input + bias) * scale + residual
//
// Everything lies in one buffer, pixel by pixel, four channels at a time; the parameters say where. What is outside of
// the input is zero. A workgroup computes ROWS pixels by COLUMNS quads of channels; a thread eight pixels of one quad, or
// of two that are LANES apart: columns go LANES at a time, so that neighbouring threads read neighbouring weights.
// The input goes through workgroup memory, DEPTH quads of channels at a time, and so do, in a variant, the weights.
//
// In front of this text stand: element, quad, ROWS, COLUMNS, LANES, DEPTH, THREADS. Lines with a name in braces are
// repeated: for every pixel of a thread (i), quad of a thread (j), quad of the input (e) or the weights (w) that it brings
// in. Of those that begin with a word, the variant's are kept (`gpu/variant.rs`).

struct Params {
    input: u32,             // where things begin in `data` and `weights`, in quads
    output: u32,
    residual: u32,
    weight: u32,
    bias: u32,
    input_stride: u32,      // quads from pixel to pixel
    output_stride: u32,
    residual_stride: u32,
    weight_stride: u32,     // quads from row to row of the weights
    input_width: u32,       // in pixels
    input_height: u32,
    output_width: u32,
    start: u32,             // output pixels start .. end are computed
    end: u32,
    depth: u32,             // quads of input channels, a multiple of DEPTH
    columns: u32,           // quads of output channels
    side: u32,              // of the kernel
    shift: i32,             // from an output pixel to its first tap
    activation: u32,        // 0: none, 1: ReLU, 2: SiLU
    has_residual: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<quad>;
@group(0) @binding(2) var<storage, read_write> data: array<quad>;

var<workgroup> tile: array<quad, ROWS * DEPTH>;
shared: var<workgroup> weight_tile: array<quad, 4u * DEPTH * COLUMNS>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    subgroup: @builtin(subgroup_invocation_id) lane: u32,
) {
    let own = thread % LANES;
    let column{j} = group.y * COLUMNS + own + {j}u * LANES;
    let row = thread / LANES * 8u;
    shuffle: let lane0 = lane - lane % LANES;
    let first = p.start + group.x * ROWS;

    // The quads of the input that this thread brings in: slot in the tile, pixel, corner of the taps.
    let slot{e} = thread + {e}u * THREADS;
    let pixel{e} = first + slot{e} / DEPTH;
    let is_mine{e} = slot{e} < ROWS * DEPTH && pixel{e} < p.end;
    let y{e} = i32(pixel{e} / p.output_width) + p.shift;
    let x{e} = i32(pixel{e} % p.output_width) + p.shift;
    let quad{e} = slot{e} % DEPTH;

    // Likewise the quads of the weights: slot in their tile, place behind the first.
    shared: let weight_slot{w} = thread + {w}u * THREADS;
    shared: let weight_from{w} = weight_slot{w} / COLUMNS * p.weight_stride + weight_slot{w} % COLUMNS;

    var sum{i}_{j} = vec4<f32>();
    buffer: var w = p.weight + column0;
    shared: var w = p.weight + group.y * COLUMNS;
    for (var tap = 0u; tap < p.side * p.side; tap++) {
        let dy = i32(tap / p.side);
        let dx = i32(tap % p.side);
        let is_inside{e} = is_mine{e} && y{e} + dy >= 0 && y{e} + dy < i32(p.input_height) && x{e} + dx >= 0 && x{e} + dx < i32(p.input_width);
        let from{e} = p.input + u32((y{e} + dy) * i32(p.input_width) + x{e} + dx) * p.input_stride + quad{e};
        for (var k = 0u; k < p.depth; k += DEPTH) {
            workgroupBarrier();
            var value{e} = quad();
            if is_inside{e} { value{e} = data[from{e} + k]; }
            if slot{e} < ROWS * DEPTH { tile[slot{e}] = value{e}; }
            shared: if weight_slot{w} < 4u * DEPTH * COLUMNS { weight_tile[weight_slot{w}] = weights[w + weight_from{w}]; }
            shared: w += 4u * DEPTH * p.weight_stride;
            workgroupBarrier();
            f16: var part{i}_{j} = quad();
            for (var d = 0u; d < DEPTH; d++) {
                buffer: let w0_{j} = weights[w + {j}u * LANES];
                buffer: let w1_{j} = weights[w + {j}u * LANES + p.weight_stride];
                buffer: let w2_{j} = weights[w + {j}u * LANES + 2u * p.weight_stride];
                buffer: let w3_{j} = weights[w + {j}u * LANES + 3u * p.weight_stride];
                buffer: w += 4u * p.weight_stride;
                shared: let w0_{j} = weight_tile[4u * d * COLUMNS + own + {j}u * LANES];
                shared: let w1_{j} = weight_tile[(4u * d + 1u) * COLUMNS + own + {j}u * LANES];
                shared: let w2_{j} = weight_tile[(4u * d + 2u) * COLUMNS + own + {j}u * LANES];
                shared: let w3_{j} = weight_tile[(4u * d + 3u) * COLUMNS + own + {j}u * LANES];
                each: let v{i} = tile[(row + {i}u) * DEPTH + d];
                subgroup: let held = packed(tile[(row + lane % 8u) * DEPTH + d]);
                broadcast: let v{i} = unpacked(subgroupBroadcast(held, {i}u));
                shuffle: let v{i} = unpacked(subgroupShuffle(held, lane0 + {i}u));
                f32: sum{i}_{j} = fma(vec4(v{i}.w), w3_{j}, fma(vec4(v{i}.z), w2_{j}, fma(vec4(v{i}.y), w1_{j}, fma(vec4(v{i}.x), w0_{j}, sum{i}_{j}))));
                f16: part{i}_{j} = fma(vec4(v{i}.w), w3_{j}, fma(vec4(v{i}.z), w2_{j}, fma(vec4(v{i}.y), w1_{j}, fma(vec4(v{i}.x), w0_{j}, part{i}_{j}))));
            }
            f16: sum{i}_{j} += vec4<f32>(part{i}_{j});
        }
    }
    // A column that there is not reads another's bias, and writes nothing.
    let bias{j} = vec4<f32>(weights[p.bias + min(column{j}, p.columns - 1u)]);
    finish(first + row + {i}u, column{j}, sum{i}_{j} + bias{j});
}

fn finish(pixel: u32, column: u32, sum: vec4<f32>) {
    if pixel >= p.end || column >= p.columns { return; }
    var value = sum;
    if p.activation == 1u { value = max(value, vec4<f32>()); }
    // Of e^80 nothing is left, and beyond e^88 it is no number.
    if p.activation == 2u { value /= 1.0 + exp(min(-value, vec4(80.0))); }
    value *= p.scale;
    if p.has_residual != 0u { value += vec4<f32>(data[p.residual + pixel * p.residual_stride + column]); }
    data[p.output + pixel * p.output_stride + column] = quad(value);
}
