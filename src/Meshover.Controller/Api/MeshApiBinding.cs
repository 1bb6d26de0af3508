using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Streaming;

namespace Meshover.Controller.Api;

/// <summary>
/// Binds <see cref="MeshApi"/> to the methods of <c>meshover.v1.MeshService</c> by hand: the generated binding would serialise each
/// delta again for every stream, this one writes bytes that all streams share (<see cref="ControllerFrame"/>).
/// </summary>
internal sealed class MeshApiBinding : IServiceMethodProvider<MeshApi>
{
    private const string Service = "meshover.v1.MeshService";

    private static readonly Marshaller<ControllerFrame> Frames = Marshallers.Create<ControllerFrame>(
        static (frame, context) => context.Complete(frame.Bytes),
        static _ => throw new NotSupportedException("The controller sends frames and receives none."));

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<MeshApi> context)
    {
        AddUnary<EnrollRequest, EnrollResponse>(context, "Enroll", static (api, request, call) => api.EnrollAsync(request, call));
        AddUnary<RenewCredentialRequest, Credential>(context, "RenewCredential", static (api, request, call) => api.RenewCredentialAsync(request, call));
        AddUnary<LeaveRequest, LeaveResponse>(context, "Leave", static (api, _, call) => api.LeaveAsync(call));
        context.AddDuplexStreamingMethod(
            new Method<NodeMessage, ControllerFrame>(MethodType.DuplexStreaming, Service, "Follow", MessagesOf<NodeMessage>(), Frames),
            [], static (api, reader, writer, call) => api.FollowAsync(reader, writer, call));
    }

    private static void AddUnary<TRequest, TResponse>(
        ServiceMethodProviderContext<MeshApi> context, string name, UnaryServerMethod<MeshApi, TRequest, TResponse> call)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddUnaryMethod(
            new Method<TRequest, TResponse>(MethodType.Unary, Service, name, MessagesOf<TRequest>(), MessagesOf<TResponse>()), [], call);

    private static Marshaller<T> MessagesOf<T>() where T : class, IMessage<T>, new()
    {
        var parser = new MessageParser<T>(static () => new T());
        return Marshallers.Create<T>(
            static (message, context) => context.Complete(message.ToByteArray()),
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
    }
}
