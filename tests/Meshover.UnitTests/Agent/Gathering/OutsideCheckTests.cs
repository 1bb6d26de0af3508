using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Meshover.Agent;
using Meshover.Agent.Gathering;
using Meshover.Linux.Icmp;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Agent.Gathering;

public sealed class OutsideCheckTests
{
    private static readonly IPAddress Host4 = IPAddress.Parse("198.51.100.1"), Host6 = IPAddress.Parse("2001:db8::1");

    [Fact]
    public async Task Run_FamilyThatTheMachineHasNot_KeepsNobodyFromAskingOverTheOther()
    {
        var inputs = Channel.CreateUnbounded<AgentInput>();
        var opened = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromSeconds(30));
        // It was failing: what is heard next is that it is well, which the one family alone says.
        var running = new OutsideCheck([Host4, Host6], wasFailing: true, Open, inputs.Writer, NullLogger.Instance, TimeProvider.System).RunAsync(stop.Token);
        Assert.Equal(new AgentInput.GatherChecked(IsFailing: false), await inputs.Reader.ReadAsync(stop.Token));
        Assert.True(opened > 1, "the other family was not tried again");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        IMarkedEcho Open(AddressFamily family)
        {
            if (family == AddressFamily.InterNetwork)
                return new Answering();
            opened++;
            throw new SocketException((int)SocketError.AddressFamilyNotSupported);
        }
    }

    /// <summary>Whoever is asked answers.</summary>
    private sealed class Answering : IMarkedEcho
    {
        private readonly Channel<IPAddress> _asked = Channel.CreateUnbounded<IPAddress>();

        public void Ask(IPAddress target) => _asked.Writer.TryWrite(target);

        public async Task<IPAddress> ReceiveAsync(CancellationToken cancellationToken) => await _asked.Reader.ReadAsync(cancellationToken);

        public void Dispose()
        {
        }
    }
}
