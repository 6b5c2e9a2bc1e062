// imnet for the latent codes around each sample, and their blend.
//
// A workgroup computes ROWS queries: all corners of ROWS / corners samples. Their activations stay in workgroup memory
// from layer to layer; a thread computes a quad of columns of eight queries in registers, or two that are LANES apart,
// and writes them back when all have read. Every layer is COLUMNS quads wide, filled up with zeros.
//
// In front of this text stand: element, quad, ROWS, COLUMNS, LANES, THREADS, LAYERS (hidden ones after the first), UNROLL.
// Lines with a name in braces are repeated: for every query of a thread (i), quad of a thread (j), quad of the weights that
// it brings in (w). Of those that begin with a word, the variant's are kept (`gpu/variant.rs`).

struct Params {
    start: u32,             // samples start .. end are computed
    end: u32,
    corners: u32,           // codes around a sample that are read: 1, 2 or 4
    corners_x: u32,         // of these, side by side
    samples: u32,           // where the samples begin in `tables`: row and column
    columns: u32,           // where the neighbours of columns begin in `tables`; those of rows begin at 0
    codes: u32,             // where the first layer's share of the codes begins in `codes`, in quads
    left: u32,              // the first code of the window
    top: u32,
    width: u32,             // codes in a row of the window
    least_share: f32,       // corners that count for less are left out
}

@group(0) @binding(0) var<uniform> p: Params;
// Hidden layers, each its weights [width, width]; the last layer's three rows.
@group(0) @binding(1) var<storage, read> weights: array<quad>;
// The first layer: bias, the columns of rel_coord in y and x; the biases of hidden layers; that of the last (one quad).
// Then the codes.
@group(0) @binding(2) var<storage, read> codes: array<quad>;
// Neighbours: two indices, two rel_coords, two weights. Samples.
@group(0) @binding(3) var<storage, read> tables: array<u32>;
@group(0) @binding(4) var<storage, read_write> rgb: array<f32>;

var<workgroup> x: array<quad, ROWS * COLUMNS>;
f16: var<workgroup> sums: array<vec4<f32>, ROWS>;
shared: var<workgroup> weight_tile: array<quad, 4u * UNROLL * COLUMNS>;

// One code that a query reads, along both axes.
struct Corner {
    code: u32,
    rel: vec2<f32>,
    share: f32,
}

fn corner_of(query: u32, first: u32) -> Corner {
    let sample = min(first + query / p.corners, p.end - 1u);
    let corner = query % p.corners;
    let at = p.samples + 2u * sample;
    let y = 6u * tables[at] + corner / p.corners_x;
    let x = p.columns + 6u * tables[at + 1u] + corner % p.corners_x;
    let code = (tables[y] - p.top) * p.width + tables[x] - p.left;
    let rel = vec2(bitcast<f32>(tables[y + 2u]), bitcast<f32>(tables[x + 2u]));
    return Corner(code, rel, bitcast<f32>(tables[y + 4u]) * bitcast<f32>(tables[x + 4u]));
}

fn value(at: u32) -> vec4<f32> {
    return vec4<f32>(codes[at]);
}

// The first layer's column for one query.
fn first_layer(corner: Corner, column: u32) -> quad {
    let code = value(p.codes + corner.code * COLUMNS + column);
    let rel = corner.rel.x * value(COLUMNS + column) + corner.rel.y * value(2u * COLUMNS + column);
    return quad(max(code + value(column) + rel, vec4<f32>()));
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    subgroup: @builtin(subgroup_invocation_id) lane: u32,
) {
    let column{j} = thread % LANES + {j}u * LANES;
    let row = thread / LANES * 8u;
    let first = p.start + group.x * (ROWS / p.corners);
    shuffle: let lane0 = lane - lane % LANES;
    // The quads of the weights that this thread brings in.
    shared: let slot{w} = thread + {w}u * THREADS;

    let corner{i} = corner_of(row + {i}u, first);
    var y{i}_{j} = first_layer(corner{i}, column{j});
    x[(row + {i}u) * COLUMNS + column{j}] = y{i}_{j};

    var w = 0u;
    for (var layer = 0u; layer < LAYERS; layer++) {
        workgroupBarrier();
        let bias{j} = value((3u + layer) * COLUMNS + column{j});
        var sum{i}_{j} = bias{j};
        for (var k = 0u; k < COLUMNS; k += UNROLL) {
            shared: workgroupBarrier();
            shared: if slot{w} < 4u * UNROLL * COLUMNS { weight_tile[slot{w}] = weights[w + slot{w}]; }
            shared: w += 4u * UNROLL * COLUMNS;
            shared: workgroupBarrier();
            f16: var part{i}_{j} = quad();
            for (var d = k; d < k + UNROLL; d++) {
                buffer: let w0_{j} = weights[w + column{j}];
                buffer: let w1_{j} = weights[w + COLUMNS + column{j}];
                buffer: let w2_{j} = weights[w + 2u * COLUMNS + column{j}];
                buffer: let w3_{j} = weights[w + 3u * COLUMNS + column{j}];
                buffer: w += 4u * COLUMNS;
                shared: let w0_{j} = weight_tile[4u * (d - k) * COLUMNS + column{j}];
                shared: let w1_{j} = weight_tile[(4u * (d - k) + 1u) * COLUMNS + column{j}];
                shared: let w2_{j} = weight_tile[(4u * (d - k) + 2u) * COLUMNS + column{j}];
                shared: let w3_{j} = weight_tile[(4u * (d - k) + 3u) * COLUMNS + column{j}];
                each: let v{i} = x[(row + {i}u) * COLUMNS + d];
                subgroup: let held = packed(x[(row + lane % 8u) * COLUMNS + d]);
                broadcast: let v{i} = unpacked(subgroupBroadcast(held, {i}u));
                shuffle: let v{i} = unpacked(subgroupShuffle(held, lane0 + {i}u));
                f32: sum{i}_{j} = fma(vec4(v{i}.w), w3_{j}, fma(vec4(v{i}.z), w2_{j}, fma(vec4(v{i}.y), w1_{j}, fma(vec4(v{i}.x), w0_{j}, sum{i}_{j}))));
                f16: part{i}_{j} = fma(vec4(v{i}.w), w3_{j}, fma(vec4(v{i}.z), w2_{j}, fma(vec4(v{i}.y), w1_{j}, fma(vec4(v{i}.x), w0_{j}, part{i}_{j}))));
            }
            f16: sum{i}_{j} += vec4<f32>(part{i}_{j});
        }
        y{i}_{j} = quad(max(sum{i}_{j}, vec4<f32>()));
        workgroupBarrier();
        x[(row + {i}u) * COLUMNS + column{j}] = y{i}_{j};
    }

    // The last layer: every thread its columns' share of three colours; then one thread a query adds them up.
    let r{j} = weights[w + column{j}];
    let g{j} = weights[w + COLUMNS + column{j}];
    let b{j} = weights[w + 2u * COLUMNS + column{j}];
    workgroupBarrier();
    x[column{j} * ROWS + row + {i}u] = quad(dot(y{i}_{j}, r{j}), dot(y{i}_{j}, g{j}), dot(y{i}_{j}, b{j}), element());
    workgroupBarrier();
    for (var query = thread; query < ROWS; query += THREADS) {
        var sum = value((3u + LAYERS) * COLUMNS);
        for (var c = 0u; c < COLUMNS; c++) {
            sum += vec4<f32>(x[c * ROWS + query]);
        }
        // Nobody else reads or writes this place.
        f32: x[query] = sum;
        f16: sums[query] = sum;
    }
    workgroupBarrier();
    for (var s = thread; s < ROWS / p.corners; s += THREADS) {
        if first + s < p.end {
            blend(first + s, s * p.corners, first);
        }
    }
}

// The mean of a sample's corners, each by its share.
fn blend(sample: u32, query: u32, first: u32) {
    var sum = vec4<f32>();
    var total = 0.0;
    for (var corner = 0u; corner < p.corners; corner++) {
        let share = corner_of(query + corner, first).share;
        if share >= p.least_share {
            f32: sum += share * x[query + corner];
            f16: sum += share * sums[query + corner];
            total += share;
        }
    }
    sum /= total;
    rgb[3u * sample] = sum.x;
    rgb[3u * sample + 1u] = sum.y;
    rgb[3u * sample + 2u] = sum.z;
}
