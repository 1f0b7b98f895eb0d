import type { Architecture } from './executable.ts';
import { executable } from './executable.ts';

/**
 * The one program of a sandbox: it waits, reaps orphans (it is PID 1 of a Pod that shares its process namespace) and
 * ends on SIGTERM or SIGINT. So small that it is carried along as machine code. The same steps on both architectures:
 *
 *     block = {SIGINT, SIGTERM, SIGCHLD}
 *     rt_sigprocmask(SIG_BLOCK, &block, NULL, 8)          // a blocked signal is never ignored, not even by PID 1
 *     wait:  signal = rt_sigtimedwait(&block, NULL, NULL, 8)
 *            if signal == SIGCHLD goto reap
 *            if signal < 0 goto wait                       // EINTR
 *            exit_group(0)
 *     reap:  if wait4(-1, NULL, WNOHANG, NULL) > 0 goto reap
 *            goto wait
 */
const machineCode = {
  amd64: [
    'b80e000000', // _start: mov eax, 14 (rt_sigprocmask)
    '31ff', //               xor edi, edi (SIG_BLOCK)
    '488d3552000000', //     lea rsi, [rip+block]
    '31d2', //               xor edx, edx
    '41ba08000000', //       mov r10d, 8
    '0f05', //               syscall
    'b880000000', // wait:   mov eax, 128 (rt_sigtimedwait)
    '488d3d3c000000', //     lea rdi, [rip+block]
    '31f6', //               xor esi, esi
    '31d2', //               xor edx, edx
    '41ba08000000', //       mov r10d, 8
    '0f05', //               syscall
    '83f811', //             cmp eax, 17 (SIGCHLD)
    '740d', //               je reap
    '85c0', //               test eax, eax
    '78df', //               js wait
    'b8e7000000', //         mov eax, 231 (exit_group)
    '31ff', //               xor edi, edi
    '0f05', //               syscall
    'b83d000000', // reap:   mov eax, 61 (wait4)
    '48c7c7ffffffff', //     mov rdi, -1
    '31f6', //               xor esi, esi
    'ba01000000', //         mov edx, 1 (WNOHANG)
    '4531d2', //             xor r10d, r10d
    '0f05', //               syscall
    '85c0', //               test eax, eax
    '7fe4', //               jg reap
    'ebb8', //               jmp wait
    '0240010000000000', // block: .quad 1 << 1 | 1 << 14 | 1 << 16
  ],
  arm64: [
    '89030010', // _start: adr x9, block
    'e81080d2', //         mov x8, #135 (rt_sigprocmask)
    '000080d2', //         mov x0, #0 (SIG_BLOCK)
    'e10309aa', //         mov x1, x9
    '020080d2', //         mov x2, #0
    '030180d2', //         mov x3, #8
    '010000d4', //         svc #0
    '281180d2', // wait:   mov x8, #137 (rt_sigtimedwait)
    'e00309aa', //         mov x0, x9
    '010080d2', //         mov x1, #0
    '020080d2', //         mov x2, #0
    '030180d2', //         mov x3, #8
    '010000d4', //         svc #0
    '1f440071', //         cmp w0, #17 (SIGCHLD)
    'a0000054', //         b.eq reap
    '00ffff37', //         tbnz w0, #31, wait
    'c80b80d2', //         mov x8, #94 (exit_group)
    '000080d2', //         mov x0, #0
    '010000d4', //         svc #0
    '882080d2', // reap:   mov x8, #260 (wait4)
    '00008092', //         mov x0, #-1
    '010080d2', //         mov x1, #0
    '220080d2', //         mov x2, #1 (WNOHANG)
    '030080d2', //         mov x3, #0
    '010000d4', //         svc #0
    '1f000071', //         cmp w0, #0
    '2cffff54', //         b.gt reap
    'ecffff17', //         b wait
    '0240010000000000', // block: .quad 1 << 1 | 1 << 14 | 1 << 16
  ],
} as const;

/** The program as a static executable. */
export function sandboxProgram(arch: Architecture): Buffer {
  return executable(arch, machineCode[arch]);
}
