using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Io;

/// <summary>
/// Which socket of a group (SO_REUSEPORT) a datagram goes to: a transport message (type 4) to the worker whose number is its receiver index
/// modulo the number of workers, all else to the first socket, which is the control thread's. A classic BPF program (linux/filter.h), which
/// the kernel runs on the UDP payload before a datagram is queued; a load beyond the payload's end ends it with 0, the first socket.
/// <code>
/// transport message: u8 type, u8 zero[3], le32 receiver, …
/// </code>
/// </summary>
internal static class ReceiveSteering
{
    private const ushort LoadByte = 0x30, MoveToX = 0x07, OrX = 0x4c;
    private const ushort Add = 0x04, ShiftLeft = 0x64, Modulo = 0x94;
    private const ushort JumpIfEqual = 0x15, ReturnConstant = 0x06, ReturnAccumulator = 0x16;
    private const uint TransportType = 4;
    private const uint ReceiverOffset = 4;

    /// <summary>The program for a group with a socket for each of so many workers behind the first.</summary>
    public static BpfInstruction[] Program(int workers) =>
    [
        new(LoadByte, 0),
        new(JumpIfEqual, TransportType, IfFalse: 16),
        new(LoadByte, ReceiverOffset + 3), // little-endian, and the machine loads big-endian: byte by byte
        .. AppendByte(ReceiverOffset + 2),
        .. AppendByte(ReceiverOffset + 1),
        .. AppendByte(ReceiverOffset),
        new(Modulo, (uint)workers),
        new(Add, 1),
        new(ReturnAccumulator, 0),
        new(ReturnConstant, 0),
    ];

    // A = A << 8 | payload[offset]
    private static BpfInstruction[] AppendByte(uint offset) =>
        [new(ShiftLeft, 8), new(MoveToX, 0), new(LoadByte, offset), new(OrX, 0)];
}

/// <summary><c>struct sock_filter</c>.</summary>
/// <param name="Code">What it does.</param>
/// <param name="Operand">A constant, or an offset into the payload.</param>
/// <param name="IfTrue">Instructions that a jump skips.</param>
/// <param name="IfFalse">The same, if the condition is false.</param>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal readonly struct BpfInstruction(ushort Code, uint Operand, byte IfTrue = 0, byte IfFalse = 0)
{
    [FieldOffset(0)] public readonly ushort Code = Code;
    [FieldOffset(2)] public readonly byte IfTrue = IfTrue;
    [FieldOffset(3)] public readonly byte IfFalse = IfFalse;
    [FieldOffset(4)] public readonly uint Operand = Operand;
}

/// <summary><c>struct sock_fprog</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfProgram
{
    public ushort Length;
    public BpfInstruction* Instructions;
}
