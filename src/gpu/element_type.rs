//! The types of array elements on a device.

use half::f16;
use half::slice::HalfFloatSliceExt;
use std::borrow::Cow;

/// The element type that a shader multiplies and keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// 32-bit floats.
    F32,
    /// 16-bit floats, summed up in 32 bits; needs `SHADER_F16`.
    F16,
}

impl ElementType {
    /// Bytes of four.
    pub fn quad_bytes(self) -> usize {
        match self {
            Self::F32 => 16,
            Self::F16 => 8,
        }
    }

    /// The lines in front of a shader that name it.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::F32 => "alias element = f32;\nalias quad = vec4<f32>;\n",
            Self::F16 => "enable f16;\nalias element = f16;\nalias quad = vec4<f16>;\n",
        }
    }

    /// The functions that make four of what a subgroup passes round: words of 32 bits, the only ones that every device passes.
    pub(super) fn passing(self) -> &'static str {
        match self {
            Self::F32 => "fn packed(q: quad) -> quad { return q; }\nfn unpacked(q: quad) -> quad { return q; }\n",
            Self::F16 => {
                "fn packed(q: quad) -> vec2<u32> {
    return vec2(pack2x16float(vec2<f32>(q.xy)), pack2x16float(vec2<f32>(q.zw)));
}
fn unpacked(p: vec2<u32>) -> quad { return quad(vec4(unpack2x16float(p.x), unpack2x16float(p.y))); }
"
            }
        }
    }
}

/// Numbers as the device reads them.
pub fn to_bytes(values: &[f32], element: ElementType) -> Cow<'_, [u8]> {
    match element {
        ElementType::F32 => bytemuck::cast_slice(values).into(),
        ElementType::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(values);
            bytemuck::cast_slice(&halves).to_vec().into()
        }
    }
}

/// Numbers as the device has written them: as many as `bytes` holds.
pub fn from_bytes(bytes: &[u8], element: ElementType) -> Vec<f32> {
    match element {
        ElementType::F32 => bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
        ElementType::F16 => bytes.as_chunks().0.iter().map(|word| f16::from_le_bytes(*word).to_f32()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_back() {
        let values = [0.5, -3.25, 65504.0, 0.0, 1.0, 1.0 / 1024.0, -0.0];
        for element in [ElementType::F32, ElementType::F16] {
            let bytes = to_bytes(&values, element);
            assert_eq!(bytes.len(), values.len() * element.quad_bytes() / 4);
            assert_eq!(from_bytes(&bytes, element), values);
        }
    }
}
