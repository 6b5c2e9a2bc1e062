/* Stands in for NVIDIA's header in type checks: build scripts look for the version alone. */
#define CUDA_VERSION 12080
