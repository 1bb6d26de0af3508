using System.Threading.Channels;
using Grpc.Core;
using Meshover.Contract.V1;

namespace Meshover.UnitTests.Agent.ControllerLink;

/// <summary>The far end of <c>Follow</c> without a network: the test says what comes down and reads what goes up.</summary>
internal sealed class FakeController : CallInvoker
{
    private readonly Channel<ControllerMessage> _down = Channel.CreateUnbounded<ControllerMessage>();
    private readonly Channel<NodeMessage> _up = Channel.CreateUnbounded<NodeMessage>();

    public MeshService.MeshServiceClient Client => new(this);

    /// <summary>HTTP's, of its answers.</summary>
    public Metadata Headers { get; } = [];

    public void Say(ControllerMessage message) => _down.Writer.TryWrite(message);

    /// <summary>Ends the stream; with an error where one is given.</summary>
    public void End(RpcException? error = null) => _down.Writer.TryComplete(error);

    public async Task<NodeMessage> HearAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return await _up.Reader.ReadAsync(limit.Token);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => new(
        (IClientStreamWriter<TRequest>)(object)new Up(_up.Writer), (IAsyncStreamReader<TResponse>)(object)new Down(_down.Reader),
        Task.FromResult(Headers), () => Status.DefaultSuccess, () => [], () => { });

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    private sealed class Up(ChannelWriter<NodeMessage> messages) : IClientStreamWriter<NodeMessage>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(NodeMessage message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(NodeMessage message, CancellationToken cancellationToken) => messages.WriteAsync(message, cancellationToken).AsTask();

        public Task CompleteAsync()
        {
            messages.TryComplete();
            return Task.CompletedTask;
        }
    }

    private sealed class Down(ChannelReader<ControllerMessage> messages) : IAsyncStreamReader<ControllerMessage>
    {
        public ControllerMessage Current { get; private set; } = new();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await messages.WaitToReadAsync(cancellationToken))
                return false;
            Current = await messages.ReadAsync(cancellationToken);
            return true;
        }
    }
}
