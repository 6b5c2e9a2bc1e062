//! stub
pub struct RenderOptions;
pub struct Renderer;
