using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;

namespace Meshover.UnitTests.WireGuard.Io;

public sealed unsafe class EpollLayoutTests
{
    // What a C compiler says of sizeof(struct epoll_event) and offsetof(struct epoll_event, data).
    [Theory]
    [InlineData(Architecture.X64, 12, 4)]
    [InlineData(Architecture.Arm64, 16, 8)]
    public void For_EachArchitecture_IsTheKernels(Architecture architecture, int size, int keyOffset) =>
        Assert.Equal(new EpollLayout(size, keyOffset), EpollLayout.For(architecture));

    [Theory]
    [InlineData(Architecture.X64)]
    [InlineData(Architecture.Arm64)]
    public void Read_SecondEvent_IsWhatWasWritten(Architecture architecture)
    {
        var layout = EpollLayout.For(architecture);
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
