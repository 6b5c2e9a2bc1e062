//! stub
#![allow(missing_docs)]
use std::path::{Path,PathBuf}; use crate::picture::*; use crate::geometry::Size; use crate::error::*;
#[derive(Clone,Copy)] pub enum Protocol {A}
impl std::str::FromStr for Protocol { type Err=String; fn from_str(_s:&str)->std::result::Result<Self,String>{Ok(Self::A)} }
pub struct Pair; #[derive(serde::Serialize)] pub struct ScaleReport;
pub fn pair_folders(_hr:&Path,_lr:Option<&Path>)->Result<Vec<Pair>>{ let _=PathBuf::new(); Ok(vec![]) }
pub fn evaluate(_p:&[Pair],_s:f64,_r:Protocol,_f:&mut dyn FnMut(&Picture,Size)->Result<Raster>,_o:&mut dyn FnMut(usize,usize))->Result<ScaleReport>{Ok(ScaleReport)}
pub fn table(_r:&[ScaleReport])->String{String::new()}
