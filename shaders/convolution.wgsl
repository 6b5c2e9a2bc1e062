// A convolution, 3×3 or 1×1, that keeps height and width or eats its input's margin:
//
//     output = activation(weight * input + bias) * scale + residual
//
// Everything lies in one buffer, pixel by pixel, four channels at a time; the parameters say where. What is outside of
// the input is zero. A workgroup computes ROWS pixels by COLUMNS quads of channels; a thread eight pixels of one quad.
// The input goes through workgroup memory, DEPTH quads of channels at a time.
//
// In front of this text stand: element, quad, ROWS, COLUMNS, DEPTH, THREADS. Lines with a name in braces are repeated.

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

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let column = group.y * COLUMNS + thread % COLUMNS;
    let row = thread / COLUMNS * 8u;
    let first = p.start + group.x * ROWS;

    // The quads of the input that this thread brings in: slot in the tile, pixel, corner of the taps.
    let slot{e} = thread + {e}u * THREADS;
    let pixel{e} = first + slot{e} / DEPTH;
    let is_mine{e} = slot{e} < ROWS * DEPTH && pixel{e} < p.end;
    let y{e} = i32(pixel{e} / p.output_width) + p.shift;
    let x{e} = i32(pixel{e} % p.output_width) + p.shift;
    let quad{e} = slot{e} % DEPTH;

    var sum{i} = vec4<f32>();
    var w = p.weight + column;
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
            workgroupBarrier();
            f16: var part{i} = quad();
            for (var d = 0u; d < DEPTH; d++) {
                let w0 = weights[w];
                let w1 = weights[w + p.weight_stride];
                let w2 = weights[w + 2u * p.weight_stride];
                let w3 = weights[w + 3u * p.weight_stride];
                w += 4u * p.weight_stride;
                let v{i} = tile[(row + {i}u) * DEPTH + d];
                f32: sum{i} = fma(vec4(v{i}.w), w3, fma(vec4(v{i}.z), w2, fma(vec4(v{i}.y), w1, fma(vec4(v{i}.x), w0, sum{i}))));
                f16: part{i} = fma(vec4(v{i}.w), w3, fma(vec4(v{i}.z), w2, fma(vec4(v{i}.y), w1, fma(vec4(v{i}.x), w0, part{i}))));
            }
            f16: sum{i} += vec4<f32>(part{i});
        }
    }
    if column >= p.columns { return; }
    let bias = vec4<f32>(weights[p.bias + column]);
    finish(first + row + {i}u, column, sum{i} + bias);
}

fn finish(pixel: u32, column: u32, sum: vec4<f32>) {
    if pixel >= p.end { return; }
    var value = sum;
    if p.activation == 1u { value = max(value, vec4<f32>()); }
    // Of e^80 nothing is left, and beyond e^88 it is no number.
    if p.activation == 2u { value /= 1.0 + exp(min(-value, vec4(80.0))); }
    value *= p.scale;
    if p.has_residual != 0u { value += vec4<f32>(data[p.residual + pixel * p.residual_stride + column]); }
    data[p.output + pixel * p.output_stride + column] = quad(value);
}
