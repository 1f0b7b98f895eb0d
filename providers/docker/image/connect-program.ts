import type { Architecture } from './executable.ts';
import { executable } from './executable.ts';

/**
 * The program that brings a connection to a port on the loopback of a sandbox: `connect PORT`, run in the sandbox by the
 * engine, for nothing else reaches what listens on 127.0.0.1 there. It is carried along as machine code, as the sandbox
 * itself is; 64 KiB on the stack are its only memory. The same steps on both architectures:
 *
 *     port = the decimal number in argv[1]
 *     dial 127.0.0.1, and if that fails [::1]; if that fails too: exit_group(errno of the first)
 *     if fork() == 0:                               // up
 *         while (n = read(0)) > 0: send all of it, MSG_NOSIGNAL
 *         shutdown(socket, SHUT_WR) at the end; exit_group(0), or exit_group(errno) where a call failed
 *     while (n = read(socket)) > 0:                 // down
 *         count += n; write all of it to 1
 *     where a call failed: kill the child; exit_group(errno)
 *     write(2, &count, 8)                           // the port will send no more: so much came from it
 *     wait for the child; exit_group(its code)
 *
 * The count is needed because output and error output of a command reach us in no order, and because the engine stops
 * the input of a command whose output has ended: the half close has to be told beside the bytes.
 */
const machineCode = {
  amd64: [
    '488b742410', // _start:  mov rsi, [rsp+16]
    '31db', //          xor ebx, ebx
    'ac', // digit:   lodsb
    '2c30', //          sub al, 48
    '720a', //          jb v4
    '0fb6c0', //          movzx eax, al
    '6bdb0a', //          imul ebx, ebx, 10
    '01c3', //          add ebx, eax
    'ebf1', //          jmp digit
    '86fb', // v4:      xchg bl, bh
    'c1e310', //          shl ebx, 16
    '6a00', //          push 0
    '48b8020000007f000001', //          mov rax, 0x0100007f00000002
    '4809d8', //          or rax, rbx
    '50', //          push rax
    '4889e5', //          mov rbp, rsp
    'bf02000000', //          mov edi, 2
    '41bf10000000', //          mov r15d, 16
    'e83f000000', //          call dial
    '4189c5', //          mov r13d, eax
    '85c0', //          test eax, eax
    '7459', //          je dialled
    '6a00', //          push 0
    '48b80000000000000001', //          mov rax, 0x0100000000000000
    '50', //          push rax
    '6a00', //          push 0
    '8d430a', //          lea eax, [rbx+10]
    '50', //          push rax
    '4889e5', //          mov rbp, rsp
    'bf0a000000', //          mov edi, 10
    '41bf1c000000', //          mov r15d, 28
    'e812000000', //          call dial
    '85c0', //          test eax, eax
    '742f', //          je dialled
    '4489e8', //          mov eax, r13d
    'f7d8', // fail:    neg eax
    '89c7', //          mov edi, eax
    'b8e7000000', // exit:    mov eax, 231
    '0f05', //          syscall
    'b829000000', // dial:    mov eax, 41
    'be01000000', //          mov esi, 1
    '31d2', //          xor edx, edx
    '0f05', //          syscall
    '4189c4', //          mov r12d, eax
    '89c7', //          mov edi, eax
    'b82a000000', //          mov eax, 42
    '4889ee', //          mov rsi, rbp
    '4489fa', //          mov edx, r15d
    '0f05', //          syscall
    'c3', //          ret
    '4881ec00000100', // dialled: sub rsp, 65536
    'b839000000', //          mov eax, 57
    '0f05', //          syscall
    '85c0', //          test eax, eax
    '78c2', //          js fail
    '0f8490000000', //          je up
    '4189c5', //          mov r13d, eax
    '4531f6', //          xor r14d, r14d
    '31c0', // down:    xor eax, eax
    '4489e7', //          mov edi, r12d
    '4889e6', //          mov rsi, rsp
    'ba00000100', //          mov edx, 65536
    '0f05', //          syscall
    '4885c0', //          test rax, rax
    '785e', //          js broken
    '742a', //          je over
    '4901c6', //          add r14, rax
    '4889e5', //          mov rbp, rsp
    '4889c3', //          mov rbx, rax
    'b801000000', // print:   mov eax, 1
    'bf01000000', //          mov edi, 1
    '4889ee', //          mov rsi, rbp
    '4889da', //          mov rdx, rbx
    '0f05', //          syscall
    '4885c0', //          test rax, rax
    '783c', //          js broken
    '4801c5', //          add rbp, rax
    '4829c3', //          sub rbx, rax
    '75e1', //          jne print
    'ebc0', //          jmp down
    '4156', // over:    push r14
    'b801000000', //          mov eax, 1
    'bf02000000', //          mov edi, 2
    '4889e6', //          mov rsi, rsp
    'ba08000000', //          mov edx, 8
    '0f05', //          syscall
    'b83d000000', //          mov eax, 61
    '4489ef', //          mov edi, r13d
    '4889e6', //          mov rsi, rsp
    '31d2', //          xor edx, edx
    '4531d2', //          xor r10d, r10d
    '0f05', //          syscall
    '0fb67c2401', //          movzx edi, byte ptr [rsp+1]
    'e948ffffff', //          jmp exit
    '89c3', // broken:  mov ebx, eax
    'b83e000000', //          mov eax, 62
    '4489ef', //          mov edi, r13d
    'be09000000', //          mov esi, 9
    '0f05', //          syscall
    '89d8', //          mov eax, ebx
    'e92cffffff', //          jmp fail
    '31c0', // up:      xor eax, eax
    '31ff', //          xor edi, edi
    '4889e6', //          mov rsi, rsp
    'ba00000100', //          mov edx, 65536
    '0f05', //          syscall
    '4885c0', //          test rax, rax
    '0f8815ffffff', //          js fail
    '7435', //          je close
    '4889e5', //          mov rbp, rsp
    '4889c3', //          mov rbx, rax
    'b82c000000', // send:    mov eax, 44
    '4489e7', //          mov edi, r12d
    '4889ee', //          mov rsi, rbp
    '4889da', //          mov rdx, rbx
    '41ba00400000', //          mov r10d, 0x4000
    '4531c0', //          xor r8d, r8d
    '4531c9', //          xor r9d, r9d
    '0f05', //          syscall
    '4885c0', //          test rax, rax
    '0f88e8feffff', //          js fail
    '4801c5', //          add rbp, rax
    '4829c3', //          sub rbx, rax
    '75d3', //          jne send
    'ebb2', //          jmp up
    'b830000000', // close:   mov eax, 48
    '4489e7', //          mov edi, r12d
    'be01000000', //          mov esi, 1
    '0f05', //          syscall
    '31ff', //          xor edi, edi
    'e9ccfeffff', //          jmp exit
  ],
  arm64: [
    'e10b40f9', // _start:  ldr x1, [sp, #16]
    '13008052', //          mov w19, #0
    '43018052', //          mov w3, #10
    '22144038', // digit:   ldrb w2, [x1], #1
    '42c00071', //          subs w2, w2, #48
    '63000054', //          b.lo v4
    '730a031b', //          madd w19, w19, w3, w2
    'fcffff17', //          b digit
    '7306c05a', // v4:      rev16 w19, w19
    'ff8300d1', //          sub sp, sp, #32
    '643e1053', //          lsl w4, w19, #16
    '84080011', //          add w4, w4, #2
    'e50f8052', //          mov w5, #127
    '0520a072', //          movk w5, #0x100, lsl #16
    'e4170029', //          stp w4, w5, [sp]
    'ff0700f9', //          str xzr, [sp, #8]
    '400080d2', //          mov x0, #2
    '190280d2', //          mov x25, #16
    '10000094', //          bl dial
    'f40300aa', //          mov x20, x0
    '000300b4', //          cbz x0, dialled
    '643e1053', //          lsl w4, w19, #16
    '84280011', //          add w4, w4, #10
    '0520e0d2', //          mov x5, #0x100000000000000
    'e47f00a9', //          stp x4, xzr, [sp]
    'e57f01a9', //          stp x5, xzr, [sp, #16]
    '400180d2', //          mov x0, #10
    '990380d2', //          mov x25, #28
    '06000094', //          bl dial
    'e00100b4', //          cbz x0, dialled
    'e00314aa', //          mov x0, x20
    'e00300cb', // fail:    neg x0, x0
    'c80b80d2', // exit:    mov x8, #94
    '010000d4', //          svc #0
    '210080d2', // dial:    mov x1, #1
    '020080d2', //          mov x2, #0
    'c81880d2', //          mov x8, #198
    '010000d4', //          svc #0
    'f50300aa', //          mov x21, x0
    'e1030091', //          mov x1, sp
    'e20319aa', //          mov x2, x25
    '681980d2', //          mov x8, #203
    '010000d4', //          svc #0
    'c0035fd6', //          ret
    'ff4340d1', // dialled: sub sp, sp, #16, lsl #12
    '200280d2', //          mov x0, #17
    '010080d2', //          mov x1, #0
    '020080d2', //          mov x2, #0
    '030080d2', //          mov x3, #0
    '040080d2', //          mov x4, #0
    '881b80d2', //          mov x8, #220
    '010000d4', //          svc #0
    '60fdffb7', //          tbnz x0, #63, fail
    '800500b4', //          cbz x0, up
    'f40300aa', //          mov x20, x0
    '160080d2', //          mov x22, #0
    'e00315aa', // down:    mov x0, x21
    'e1030091', //          mov x1, sp
    '2200a0d2', //          mov x2, #65536
    'e80780d2', //          mov x8, #63
    '010000d4', //          svc #0
    'a003f8b7', //          tbnz x0, #63, broken
    'c00100b4', //          cbz x0, over
    'd602008b', //          add x22, x22, x0
    'f7030091', //          mov x23, sp
    'f80300aa', //          mov x24, x0
    '200080d2', // print:   mov x0, #1
    'e10317aa', //          mov x1, x23
    'e20318aa', //          mov x2, x24
    '080880d2', //          mov x8, #64
    '010000d4', //          svc #0
    '6002f8b7', //          tbnz x0, #63, broken
    'f702008b', //          add x23, x23, x0
    '180300eb', //          subs x24, x24, x0
    '01ffff54', //          b.ne print
    'edffff17', //          b down
    'f60300f9', // over:    str x22, [sp]
    '400080d2', //          mov x0, #2
    'e1030091', //          mov x1, sp
    '020180d2', //          mov x2, #8
    '080880d2', //          mov x8, #64
    '010000d4', //          svc #0
    'e00314aa', //          mov x0, x20
    'e1030091', //          mov x1, sp
    '020080d2', //          mov x2, #0
    '030080d2', //          mov x3, #0
    '882080d2', //          mov x8, #260
    '010000d4', //          svc #0
    'e0074039', //          ldrb w0, [sp, #1]
    'c7ffff17', //          b exit
    'f70300aa', // broken:  mov x23, x0
    'e00314aa', //          mov x0, x20
    '210180d2', //          mov x1, #9
    '281080d2', //          mov x8, #129
    '010000d4', //          svc #0
    'e00317aa', //          mov x0, x23
    'bfffff17', //          b fail
    '000080d2', // up:      mov x0, #0
    'e1030091', //          mov x1, sp
    '2200a0d2', //          mov x2, #65536
    'e80780d2', //          mov x8, #63
    '010000d4', //          svc #0
    '20f7ffb7', //          tbnz x0, #63, fail
    '000200b4', //          cbz x0, close
    'f7030091', //          mov x23, sp
    'f80300aa', //          mov x24, x0
    'e00315aa', // send:    mov x0, x21
    'e10317aa', //          mov x1, x23
    'e20318aa', //          mov x2, x24
    '030088d2', //          mov x3, #0x4000
    '040080d2', //          mov x4, #0
    '050080d2', //          mov x5, #0
    'c81980d2', //          mov x8, #206
    '010000d4', //          svc #0
    'a0f5ffb7', //          tbnz x0, #63, fail
    'f702008b', //          add x23, x23, x0
    '180300eb', //          subs x24, x24, x0
    'a1feff54', //          b.ne send
    'ebffff17', //          b up
    'e00315aa', // close:   mov x0, x21
    '210080d2', //          mov x1, #1
    '481a80d2', //          mov x8, #210
    '010000d4', //          svc #0
    '000080d2', //          mov x0, #0
    'a4ffff17', //          b exit
  ],
} as const;

/** The program as a static executable. Its exit codes are Linux's errno. */
export function connectProgram(arch: Architecture): Buffer {
  return executable(arch, machineCode[arch]);
}
