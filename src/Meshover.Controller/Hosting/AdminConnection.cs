using Meshover.Contract.V1;
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

    /// <summary>404 for administration from the network, and for the nodes' service on the admin socket.</summary>
    public static Task Separate(HttpContext context, RequestDelegate next)
    {
        var isAdminSocket = context.Features.Get<AdminConnection>() is not null;
        var isAdministration = context.Request.Path.StartsWithSegments($"/{AdminService.Descriptor.FullName}", StringComparison.Ordinal);
        if (isAdminSocket == isAdministration)
            return next(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
