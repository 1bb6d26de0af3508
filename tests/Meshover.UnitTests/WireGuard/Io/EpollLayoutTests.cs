using Meshover.WireGuard.Io;
using Cpu = System.Runtime.InteropServices.Architecture;

namespace Meshover.UnitTests.WireGuard.Io;

public sealed unsafe class EpollLayoutTests
{
    // What a C compiler says of sizeof(struct epoll_event) and offsetof(struct epoll_event, data).
    [Theory]
    [InlineData(Cpu.X64, 12, 4)]
    [InlineData(Cpu.Arm64, 16, 8)]
    public void For_EachArchitecture_IsTheKernels(Cpu cpu, int size, int keyOffset) =>
        Assert.Equal(new EpollLayout(size, keyOffset), EpollLayout.For(cpu));

    [Theory]
    [InlineData(Cpu.X64)]
    [InlineData(Cpu.Arm64)]
    public void Read_SecondEvent_IsWhatWasWritten(Cpu cpu)
    {
        var layout = EpollLayout.For(cpu);
        var events = stackalloc byte[2 * layout.Size];
        layout.Write(events, new EpollEvent(EpollEvent.Readable, 7));
        layout.Write(events + layout.Size, new EpollEvent(EpollEvent.Error, 8));

        Assert.Equal(new EpollEvent(EpollEvent.Readable, 7), layout.Read(events, 0));
        Assert.Equal(new EpollEvent(EpollEvent.Error, 8), layout.Read(events, 1));
    }

    [Fact]
    public void Wait_OneOfTwoIsReadable_SaysWhich()
    {
        using var epoll = new Epoll();
        using var quiet = new WakeSignal();
        using var loud = new WakeSignal();
        epoll.Add(quiet.Descriptor, 1);
        epoll.Add(loud.Descriptor, 2);
        loud.Set();

        Assert.Equal([new EpollEvent(EpollEvent.Readable, 2)], epoll.Wait(timeoutMs: 1000).ToArray());
    }
}
