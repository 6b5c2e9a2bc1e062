// A picture of fewer samples than the screen has pixels, bilinearly interpolated over them.

struct Params {
    area: vec4<f32>,    // where on the target: the first pixel, width and height
    samples: vec2<f32>, // how many there are, from the texture's first texel on
    by: f32,            // pixels of the target to a sample, along either axis
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var samples: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;

@fragment
fn paint(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let place = at.xy - p.area.xy;
    if any(place < vec2(0.0)) || any(place >= p.area.zw) { discard; }
    // What lies beyond the last samples was never drawn.
    let texel = clamp(place / p.by, vec2(0.5), p.samples - 0.5);
    return textureSampleLevel(samples, linear, texel / vec2<f32>(textureDimensions(samples)), 0.0);
}
