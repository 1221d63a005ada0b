// WebAssembly as far as the kernel uses it. Every runtime has it; TypeScript knows it from the DOM's library alone, which this code must do without.

/** Compiled code: WebAssembly.Module. */
export type KernelModule = object;

export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyApi {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedMemory;
  compile(bytes: Uint8Array): Promise<KernelModule>;
  instantiate(
    module: KernelModule,
    imports: {
      readonly env: {
        readonly memory: SharedMemory;
        readonly sleep: (address: number, expected: number) => void;
      };
    },
  ): Promise<{ readonly exports: unknown }>;
}

const NAME: string = "WebAssembly"; // not a literal: with the DOM's library TypeScript would know another type

/** The runtime's own. */
export const webAssembly: WebAssemblyApi = Reflect.get(globalThis, NAME);

/** Compiles one of the kernel's variants; throws the runtime's own CompileError where it lacks a feature. */
export function compileKernel(bytes: Uint8Array): Promise<KernelModule> {
  return webAssembly.compile(bytes);
}
