using Grpc.AspNetCore.Server;
using Grpc.Core;
using Meshover.Controller.Api;
using Meshover.Controller.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class AdminConnectionTests
{
    [Theory]
    [InlineData(typeof(MeshApi), false, true)]
    [InlineData(typeof(AdminApi), true, true)]
    [InlineData(typeof(AdminApi), false, false)]
    [InlineData(typeof(MeshApi), true, false)]
    [InlineData(null, false, false)]
    [InlineData(null, true, false)]
    public async Task Separate_WhatRoutingFound_Decides(Type? service, bool isAdminSocket, bool passes)
    {
        var context = new DefaultHttpContext();
        // Whatever the path looks like.
        context.Request.Path = "/MESHOVER.V1.ADMINSERVICE/CreateToken";
        if (isAdminSocket)
            context.Features.Set(new AdminConnection());
        if (service is not null)
            context.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(new GrpcMethodMetadata(service, Method)), "test"));
        var hasPassed = false;

        await AdminConnection.Separate(context, _ =>
        {
            hasPassed = true;
            return Task.CompletedTask;
        });

        Assert.Equal((passes, passes ? 200 : 404), (hasPassed, context.Response.StatusCode));
    }

    private static readonly Method<string, string> Method = new(MethodType.Unary, "service", "method", Marshallers.StringMarshaller, Marshallers.StringMarshaller);
}
