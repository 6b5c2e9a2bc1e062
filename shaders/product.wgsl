// A plain product of large matrices: what the device can do at all, beside which the other shaders are measured.
//
//     product[row, column] = sum over k of left[k, row] * right[k, column]
//
// Both operands lie line by line of k, four numbers at a time, so that both are read alike. A workgroup computes a
// square of 4 * TILE rows and columns; a thread eight rows of eight columns in registers. DEPTH lines of both operands
// go through workgroup memory at a time. Sides are multiples of 4 * TILE, the depth is one of DEPTH.
//
// In front of this text stand: element, quad, SIDE (threads along a side), TILE (2 * SIDE, in quads), DEPTH, THREADS.
// Lines with a name in braces are repeated.

struct Params {
    rows: u32,              // in quads
    columns: u32,
    depth: u32,             // products of a sum
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> left: array<quad>;
@group(0) @binding(2) var<storage, read> right: array<quad>;
@group(0) @binding(3) var<storage, read_write> product: array<vec4<f32>>;

var<workgroup> left_tile: array<quad, DEPTH * TILE>;
var<workgroup> right_tile: array<quad, DEPTH * TILE>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let row = thread / SIDE * 2u;
    let column = thread % SIDE;

    // The quads that this thread brings in: slot in the tiles, place in the operands.
    let slot{e} = thread + {e}u * THREADS;
    let left_from{e} = slot{e} / TILE * p.rows + group.x * TILE + slot{e} % TILE;
    let right_from{e} = slot{e} / TILE * p.columns + group.y * TILE + slot{e} % TILE;

    var sum_v{i} = vec4<f32>();
    var sum_w{i} = vec4<f32>();
    for (var k = 0u; k < p.depth; k += DEPTH) {
        workgroupBarrier();
        left_tile[slot{e}] = left[left_from{e} + k * p.rows];
        right_tile[slot{e}] = right[right_from{e} + k * p.columns];
        workgroupBarrier();
        f16: var part_v{i} = quad();
        f16: var part_w{i} = quad();
        for (var d = 0u; d < DEPTH; d++) {
            let first = left_tile[d * TILE + row];
            let second = left_tile[d * TILE + row + 1u];
            let v = right_tile[d * TILE + column];
            let w = right_tile[d * TILE + column + SIDE];
            let u0 = first.x;
            let u1 = first.y;
            let u2 = first.z;
            let u3 = first.w;
            let u4 = second.x;
            let u5 = second.y;
            let u6 = second.z;
            let u7 = second.w;
            f32: sum_v{i} = fma(vec4(u{i}), v, sum_v{i});
            f32: sum_w{i} = fma(vec4(u{i}), w, sum_w{i});
            f16: part_v{i} = fma(vec4(u{i}), v, part_v{i});
            f16: part_w{i} = fma(vec4(u{i}), w, part_w{i});
        }
        f16: sum_v{i} += vec4<f32>(part_v{i});
        f16: sum_w{i} += vec4<f32>(part_w{i});
    }
    let to = (group.x * TILE + row) * 4u * p.columns + group.y * TILE + column;
    product[to + {i}u * p.columns] = sum_v{i};
    product[to + {i}u * p.columns + SIDE] = sum_w{i};
}
