// The field of waves at one place: what the four nearest source pixels add to the bicubic picture, in normalised RGB.
//
//     Σ over pixels j, waves k: share_j fade_k (P_jk cos(V_k·d_j) + Q_jk sin(V_k·d_j)),   d_j from pixel j to the place
//
// Phases are sums of V_ky d_y and V_kx d_x, shares and fades are products along y and x: tables hold cos and sin of either
// axis times share and fade (a turn). With the turns of the two rows first, three products of quads remain for each column:
//
//     a = Σ_y cos_y P + sin_y Q,   b = Σ_y cos_y Q - sin_y P,   Σ_x cos_x a + sin_x b
//
// Amplitudes of a source pixel: for each quad of waves of the brightness P, Q; then for each of the colour differences P, Q
// of the blue one, P, Q of the red one. Turns of an axis: [quads of waves, two neighbours, (cos, sin), samples].
//
// In front of this text stand: LUMA, CHROMA (quads of waves), RGB_OF_YCBCR. Behind it stand `amplitudes_at` and `turn_at`,
// which read four numbers at a quad's index, from wherever the shader has them.

// The turns of one sample along one axis.
struct Axis {
    first: u32,             // in quads
    step: u32,              // samples of the axis
}

// Of four waves.
struct Turn {
    cos: vec4<f32>,
    sin: vec4<f32>,
}

// Of four waves at both neighbours along both axes.
struct Turns {
    y: array<Turn, 2>,
    x: array<Turn, 2>,
}

fn turns_of(axis: Axis, waves: u32) -> array<Turn, 2> {
    let at = axis.first + 4u * waves * axis.step;
    return array(
        Turn(turn_at(at), turn_at(at + axis.step)),
        Turn(turn_at(at + 2u * axis.step), turn_at(at + 3u * axis.step)),
    );
}

// Four waves of two source pixels, one above the other, whose amplitudes begin at `upper` and `lower`.
fn along_y(upper: u32, lower: u32, y: array<Turn, 2>) -> Turn {
    let p0 = amplitudes_at(upper);
    let q0 = amplitudes_at(upper + 1u);
    let p1 = amplitudes_at(lower);
    let q1 = amplitudes_at(lower + 1u);
    return Turn(
        fma(y[1].sin, q1, fma(y[1].cos, p1, fma(y[0].sin, q0, y[0].cos * p0))),
        fma(-y[1].sin, p1, fma(y[1].cos, q1, fma(-y[0].sin, p0, y[0].cos * q0))),
    );
}

// Four waves of all four: upper left, upper right, lower left, lower right.
fn four_waves(corners: vec4<u32>, turns: Turns) -> vec4<f32> {
    let left = along_y(corners.x, corners.z, turns.y);
    let right = along_y(corners.y, corners.w, turns.y);
    return fma(turns.x[1].sin, right.sin, fma(turns.x[1].cos, right.cos, fma(turns.x[0].sin, left.sin, turns.x[0].cos * left.cos)));
}

// All waves. `corners` says where the amplitudes of the four source pixels begin, in quads.
fn field(corners: vec4<u32>, y: Axis, x: Axis) -> vec3<f32> {
    var luma = vec4<f32>();
    for (var k = 0u; k < LUMA; k++) {
        luma += four_waves(corners + 2u * k, Turns(turns_of(y, k), turns_of(x, k)));
    }
    var blue = vec4<f32>();
    var red = vec4<f32>();
    for (var k = 0u; k < CHROMA; k++) {
        let turns = Turns(turns_of(y, LUMA + k), turns_of(x, LUMA + k));
        let at = corners + 2u * LUMA + 4u * k;
        blue += four_waves(at, turns);
        red += four_waves(at + 2u, turns);
    }
    let one = vec4(1.0);
    return RGB_OF_YCBCR * vec3(dot(luma, one), dot(blue, one), dot(red, one));
}
