using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.WireGuard.Control;

/// <summary>The control thread's part without a device, for which no root is needed.</summary>
public sealed class EngineTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-engine-").FullName;
    private readonly ControlInbox _inbox = new();

    public void Dispose()
    {
        _inbox.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void HandleInbox_HandshakesThatKeepComing_LeaveTimersAndClientsTheirTurn()
    {
        var flood = new Flood(_inbox.Strays[0]);
        using var engine = NewEngine(flood);
        flood.Send();

        engine.HandleInbox();

        Assert.Equal(1, flood.Handled);
        Assert.True(_inbox.Wait(TimeSpan.Zero)); // it comes back for the rest
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("255.255.255.255")]
    [InlineData("ff02::1")]
    public void SetEndpoint_ToWhereNothingCanBeSent_IsRefused(string address)
    {
        using var engine = NewEngine(NullLogger.Instance);

        var refusal = Assert.Throws<DataplaneException>(() => engine.SetEndpoint(Configs.Key(1), new IPEndPoint(IPAddress.Parse(address), 1)));

        Assert.Equal(DataplaneError.Refused, refusal.Error);
        Assert.Contains("not an endpoint", refusal.Message);
    }

    [Fact]
    public void Tick_AfterTheMachineSlept_SaysThatItLooksAfterKeysAndPeers()
    {
        var (time, log) = (new FakeTimeProvider(), new List<string>());
        using var engine = NewEngine(new ListLogger(log), time);
        engine.Tick();
        time.Advance(TimeSpan.FromSeconds(1));
        engine.Tick();
        Assert.Empty(log);

        time.Advance(TimeSpan.FromHours(1));
        engine.Tick();

        Assert.Contains("The machine was suspended", Assert.Single(log));
    }

    private Engine NewEngine(ILogger logger, TimeProvider? time = null) => new(
        new DataplaneOptions { StatePath = Path.Combine(_directory, "state"), TimestampPath = Path.Combine(_directory, "tai64n") },
        _inbox, time ?? TimeProvider.System, logger);

    private sealed class ListLogger(List<string> lines) : ILogger
    {
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }

    /// <summary>Sends another message for each one that is handled, as the log tells, up to a thousand.</summary>
    private sealed class Flood(HandshakeQueue queue) : ILogger
    {
        private const int Most = 1000;

        public int Handled { get; private set; }

        public void Send() => queue.TryAdd(new byte[HandshakeQueue.MaxMessage], new byte[UdpAddress.RawLength]);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (++Handled < Most)
                Send();
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
