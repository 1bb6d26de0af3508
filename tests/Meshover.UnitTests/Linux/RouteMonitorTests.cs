using System.Threading.Channels;
using Meshover.Linux.Netlink;
using Xunit;

namespace Meshover.UnitTests.Linux;

public sealed class RouteMonitorTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task ReadAll_BufferOverflow_GivesAResyncAndGoesOn()
    {
        var transport = new ScriptedTransport();
        using var monitor = new RouteMonitor(transport, new RouteMonitorOptions());
        await using var events = monitor.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        transport.Fail(105);
        Assert.IsType<ResyncEvent>(await NextAsync(events));
        transport.Deliver(KernelDumps.Addresses);
        Assert.IsType<AddressEvent>(await NextAsync(events));
    }

    [Fact]
    public async Task ReadAll_MalformedNotification_GivesAResync()
    {
        var transport = new ScriptedTransport();
        using var monitor = new RouteMonitor(transport, new RouteMonitorOptions());
        await using var events = monitor.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        transport.Deliver(KernelDumps.Addresses[..30]);
        Assert.IsType<ResyncEvent>(await NextAsync(events));
    }

    [Fact]
    public async Task ReadAll_ReaderTooSlow_GetsWhatWasKeptThenAResync()
    {
        var transport = new ScriptedTransport();
        using var monitor = new RouteMonitor(transport, new RouteMonitorOptions { Capacity = 2 });
        transport.Deliver(KernelDumps.Addresses);
        await transport.WaitUntilReadAsync().WaitAsync(Deadline, TestContext.Current.CancellationToken);
        await using var events = monitor.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        Assert.IsType<AddressEvent>(await NextAsync(events));
        Assert.IsType<AddressEvent>(await NextAsync(events));
        Assert.IsType<ResyncEvent>(await NextAsync(events));
    }

    [Fact]
    public async Task ReadAll_SocketFails_TellsTheReader()
    {
        var transport = new ScriptedTransport();
        using var monitor = new RouteMonitor(transport, new RouteMonitorOptions());
        await using var events = monitor.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        transport.Fail(9);
        var error = await Assert.ThrowsAsync<NetlinkException>(() => NextAsync(events));
        Assert.Equal(9, error.ErrorNumber);
    }

    private static async Task<RouteEvent> NextAsync(IAsyncEnumerator<RouteEvent> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Deadline));
        return events.Current;
    }

    /// <summary>Blocks like a socket until something is delivered.</summary>
    private sealed class ScriptedTransport : INetlinkTransport
    {
        private readonly Channel<object> _script = Channel.CreateUnbounded<object>();
        private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _hasDelivered;

        internal void Deliver(byte[] datagram) => _script.Writer.TryWrite(datagram);

        internal void Fail(int errno) => _script.Writer.TryWrite(errno);

        /// <summary>Ends when the reader comes back for more: it has handled all that was delivered.</summary>
        internal Task WaitUntilReadAsync() => _drained.Task;

        public void Send(ReadOnlySpan<byte> datagram) => throw new NotSupportedException();

        public int Receive(Span<byte> buffer)
        {
            if (_hasDelivered)
                _drained.TrySetResult();
            if (!_script.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult() || !_script.Reader.TryRead(out var step))
                throw new NetlinkException("receive from netlink", "", 9);
            _hasDelivered = true;
            if (step is int errno)
                throw new NetlinkException("receive from netlink", "", errno);
            var datagram = (byte[])step;
            datagram.CopyTo(buffer);
            return datagram.Length;
        }

        public void Dispose() => _script.Writer.TryComplete();
    }
}
