using Grpc.AspNetCore.Server;
using Meshover.Controller.Api;
using Microsoft.AspNetCore.Connections;

namespace Meshover.Controller.Hosting;

/// <summary>Marks the connections of the admin socket, and keeps each service to its own kind of connection.</summary>
internal sealed class AdminConnection
{
    public static ConnectionDelegate Mark(ConnectionDelegate next) => context =>
    {
        context.Features.Set(new AdminConnection());
        return next(context);
    };

    /// <summary>
    /// 404 for all but the nodes' service from the network, and for all but administration on the admin socket. The service that
    /// routing found decides, not the path: routing takes paths in any case, and a second reading of them could differ from its own.
    /// </summary>
    public static Task Separate(HttpContext context, RequestDelegate next)
    {
        var allowed = context.Features.Get<AdminConnection>() is null ? typeof(MeshApi) : typeof(AdminApi);
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.ServiceType == allowed)
            return next(context);
        // Nothing further down may choose an endpoint again.
        context.SetEndpoint(null);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
