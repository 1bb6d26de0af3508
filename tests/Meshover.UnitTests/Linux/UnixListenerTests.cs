using System.Net.Sockets;
using System.Threading.Channels;
using Meshover.Linux.LocalSockets;
using Microsoft.Extensions.Logging;

namespace Meshover.UnitTests.Linux;

public sealed class UnixListenerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-listener-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Connection_WhoseServingMeetsAFault_IsClosedAndTheFaultLogged()
    {
        var path = Path.Combine(_directory, "engine.sock");
        var log = new Faults();
        await using var listener = new UnixListener(path, (_, _) => throw new InvalidOperationException("a bug"), TimeProvider.System, log);

        for (var i = 0; i < 2; i++) // and the next one is served again
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await client.ConnectAsync(new UnixDomainSocketEndPoint(path));
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Equal("a bug", (await log.NextAsync()).Message);
        }
    }

    private sealed class Faults : ILogger
    {
        private readonly Channel<Exception> _faults = Channel.CreateUnbounded<Exception>();

        public Task<Exception> NextAsync() => _faults.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error && exception is not null)
                _faults.Writer.TryWrite(exception);
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
