// The tiles that a canvas reads, in atlases of slots. Both lie tile by tile, SIDE × SIDE pixels, row by row. A pixel of the
// source, or of one of its mip levels, is its straight colour and opacity, four 16-bit fractions. A cell of the field is a
// source pixel's amplitudes, half precision, four at a time.
//
// In front of this text stand: SIDE, STRIDE (pairs of words of a cell).

const MISSING = 0xffffffffu;

@group(0) @binding(1) var<storage, read> pixels: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> cells: array<vec2<u32>>;
// Of the source, then of the field.
@group(0) @binding(3) var<storage, read> slots: array<u32>;

fn amplitudes_at(at: u32) -> vec4<f32> {
    let words = cells[at];
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn pixel_at(at: u32) -> vec4<f32> {
    let words = pixels[at];
    return vec4(unpack2x16unorm(words.x), unpack2x16unorm(words.y));
}

// Which pixel of all slots a pixel is, if its tile is there. `tiles`: those that `slots` knows from `first` on: the first
// column and row, columns, rows.
fn place(x: u32, y: u32, tiles: vec4<u32>, first: u32) -> u32 {
    let tile = vec2(x / SIDE, y / SIDE) - tiles.xy;
    if any(tile >= tiles.zw) { return MISSING; }
    let slot = slots[first + tile.y * tiles.z + tile.x];
    if slot == MISSING { return MISSING; }
    return (slot * SIDE + y % SIDE) * SIDE + x % SIDE;
}
