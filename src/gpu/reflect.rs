//! Shaders under naga: what tests ask of each.

use wgpu::naga;

/// The fields of a structure and where they are, in bytes.
macro_rules! offsets {
    ($type:ty: $($field:ident)*) => {
        [$((stringify!($field), std::mem::offset_of!($type, $field))),*]
    };
}
pub(crate) use offsets;

/// Asserts that a shader is valid, and that its `Params` has exactly these fields at these offsets and this size.
pub(crate) fn assert_shader(text: &str, fields: &[(&str, usize)], size: usize) {
    let module = naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{}", error.emit_to_string(text)));
    let mut capabilities = naga::valid::Capabilities::empty();
    if text.contains("enable f16;") {
        capabilities |= naga::valid::Capabilities::SHADER_FLOAT16;
    }
    if text.contains("unpack2x16float") {
        // Every device but the oldest ones has that; elsewhere the canvas is made of tiles.
        capabilities |= naga::valid::Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    }
    if text.contains("subgroup_invocation_id") {
        capabilities |= naga::valid::Capabilities::SUBGROUP;
    }
    let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), capabilities);
    validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
    validator.subgroup_operations(naga::valid::SubgroupOperationSet::all());
    validator.validate(&module).unwrap_or_else(|error| panic!("{}", error.emit_to_string(text)));
    let params = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Params")).expect("has parameters").1;
    let naga::TypeInner::Struct { members, span } = &params.inner else { panic!("Params is no structure") };
    let found = members.iter().map(|member| (member.name.as_deref().unwrap_or_default(), member.offset as usize));
    assert_eq!(found.collect::<Vec<_>>(), fields);
    assert_eq!(*span as usize, size);
}

/// Bytes of workgroup memory that a shader takes.
pub(crate) fn workgroup_bytes(text: &str) -> usize {
    let module = naga::front::wgsl::parse_str(text).expect("is valid");
    let shared = module.global_variables.iter().filter(|(_, v)| v.space == naga::AddressSpace::WorkGroup);
    shared.map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx()) as usize).sum()
}
