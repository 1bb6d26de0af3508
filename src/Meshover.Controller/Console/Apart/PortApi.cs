using System.Text.Json;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Microsoft.AspNetCore.Http.Features;

namespace Meshover.Controller.Console.Apart;

/// <summary>
/// The controller's end for consoles that run apart: each call is the same one of <see cref="IMeshPort"/> that the pages of its own console make. Who has the admin
/// socket is an administrator; what the person at a page may was judged before (<see cref="MeshConsole"/>).
/// </summary>
internal static class PortApi
{
    // Of somebody who signed in at a provider, with its name.
    private const int LongestName = 400, LongestAddress = 64;

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("");
        group.MapGet(PortCalls.Picture, ShowAsync);
        Serve(group, PortCalls.SignIn, (ISignInTokens tokens, TokenAsk ask, CancellationToken cancel) => tokens.TakeAsync(ask.Token, cancel));
        Serve(group, PortCalls.Sessions, (ApartSessions sessions, SessionsReport report, CancellationToken _) => Task.FromResult(sessions.Take(report)));
        MapQuestions(group);
        MapOrders(group);
        return group;
    }

    private static void MapQuestions(RouteGroupBuilder group)
    {
        Serve(group, PortCalls.AskNode, (IMeshPort port, NodeAsk ask, CancellationToken cancel) => port.AskNodeAsync(ask.Node, cancel));
        Serve(group, PortCalls.Events, (IMeshPort port, PageAsk ask, CancellationToken cancel) => port.EventsAsync(ask.Node, ask.Below, ask.Limit, cancel));
        Serve(group, PortCalls.Audit, (IMeshPort port, PageAsk ask, CancellationToken cancel) => port.AuditAsync(ask.Node, ask.Below, ask.Limit, cancel));
        Serve(group, PortCalls.Tokens, (IMeshPort port, NothingAsk _, CancellationToken cancel) => port.TokensAsync(cancel));
        Serve(group, PortCalls.PreviewAdd, (IMeshPort port, GrantAsk ask, CancellationToken cancel) => port.PreviewAddAsync(ask.Node, ask.Wish, cancel));
        Serve(group, PortCalls.PreviewRemove, (IMeshPort port, PrefixAsk ask, CancellationToken cancel) => port.PreviewRemoveAsync(ask.Node, ask.Prefix, cancel));
        Serve(group, PortCalls.PreviewAnnounce, (IMeshPort port, AnnouncementAsk ask, CancellationToken cancel) => port.PreviewAnnounceAsync(ask.Node, ask.Wish, cancel));
        Serve(group, PortCalls.PreviewWithdraw, (IMeshPort port, PrefixAsk ask, CancellationToken cancel) => port.PreviewWithdrawAsync(ask.Node, ask.Prefix, cancel));
        Serve(group, PortCalls.FindRoute, (IMeshPort port, RouteAsk ask, CancellationToken cancel) => port.FindRouteAsync(ask.Prefix, cancel));
        Serve(group, PortCalls.AskRoute, (IMeshPort port, PrefixAsk ask, CancellationToken cancel) => port.AskRouteAsync(ask.Node, ask.Prefix, cancel));
        Serve(group, PortCalls.FindPath, (IMeshPort port, PathWish ask, CancellationToken cancel) => port.FindPathAsync(ask, cancel));
        Serve(group, PortCalls.Series, (IMeshPort port, NodeAsk ask, CancellationToken cancel) => port.SeriesAsync(ask.Node, cancel));
        Serve(group, PortCalls.Past, (IMeshPort port, NothingAsk _, CancellationToken cancel) => port.PastAsync(cancel));
        Serve(group, PortCalls.Moment, (IMeshPort port, MomentAsk ask, CancellationToken cancel) => port.MomentAsync(ask.At, cancel));
    }

    private static void MapOrders(RouteGroupBuilder group)
    {
        Serve(group, PortCalls.CreateToken, (IMeshPort port, JoinOrder order, CancellationToken cancel) => port.CreateTokenAsync(order.By, order.Wish, cancel));
        Serve(group, PortCalls.RevokeToken, (IMeshPort port, SubjectOrder order, CancellationToken cancel) => DoAsync(port.RevokeTokenAsync(order.By, order.Subject, cancel)));
        Serve(group, PortCalls.AddGrant, (IMeshPort port, GrantOrder order, CancellationToken cancel) => DoAsync(port.AddGrantAsync(order.By, order.Node, order.Wish, cancel)));
        Serve(group, PortCalls.RemoveGrant, (IMeshPort port, PrefixOrder order, CancellationToken cancel) => DoAsync(port.RemoveGrantAsync(order.By, order.Node, order.Prefix, cancel)));
        Serve(group, PortCalls.RemoveNode, (IMeshPort port, SubjectOrder order, CancellationToken cancel) => DoAsync(port.RemoveNodeAsync(order.By, order.Subject, cancel)));
        Serve(group, PortCalls.AllowNode, (IMeshPort port, SubjectOrder order, CancellationToken cancel) => DoAsync(port.AllowNodeAsync(order.By, order.Subject, cancel)));
        Serve(group, PortCalls.RenameNode, (IMeshPort port, RenameOrder order, CancellationToken cancel) => DoAsync(port.RenameNodeAsync(order.By, order.Node, order.Name, cancel)));
        Serve(group, PortCalls.TagNode, (IMeshPort port, TagOrder order, CancellationToken cancel) => DoAsync(port.TagNodeAsync(order.By, order.Node, order.Tags, cancel)));
        Serve(group, PortCalls.DrainNode, (IMeshPort port, DrainingOrder order, CancellationToken cancel) => DoAsync(port.DrainNodeAsync(order.By, order.Node, order.On, cancel)));
        Serve(group, PortCalls.Announce, (IMeshPort port, AnnouncementOrder order, CancellationToken cancel) => port.AnnounceAsync(order.By, order.Node, order.Wish, cancel));
        Serve(group, PortCalls.Withdraw, (IMeshPort port, PrefixOrder order, CancellationToken cancel) => DoAsync(port.WithdrawAsync(order.By, order.Node, order.Prefix, cancel)));
    }

    private static async Task<Done> DoAsync(Task order)
    {
        await order;
        return new Done();
    }

    private static void Serve<TService, TAsk, TAnswer>(RouteGroupBuilder group, PortCall<TAsk, TAnswer> call, Func<TService, TAsk, CancellationToken, Task<TAnswer>> answer)
        where TService : notnull
        where TAsk : class
    {
        group.MapPost(call.Path, (RequestDelegate)HandleAsync);

        Task HandleAsync(HttpContext context)
        {
            var service = context.RequestServices.GetRequiredService<TService>();
            return AnswerAsync(context, call, ask => answer(service, ask, context.RequestAborted));
        }
    }

    private static async Task AnswerAsync<TAsk, TAnswer>(HttpContext context, PortCall<TAsk, TAnswer> call, Func<TAsk, Task<TAnswer>> answer)
        where TAsk : class
    {
        if (!await IsOfThisBuildAsync(context))
            return;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = call.Longest;
        try
        {
            var ask = await JsonSerializer.DeserializeAsync(context.Request.Body, call.Ask, context.RequestAborted) ?? throw new JsonException("It is empty.");
            if (ask is IPortOrder order)
                Check(order.By);
            await context.Response.WriteAsJsonAsync(await answer(ask), call.Answer, cancellationToken: context.RequestAborted);
        }
        catch (ConsoleRefusalException e)
        {
            await TellAsync(context, StatusCodes.Status422UnprocessableEntity, e.Message);
        }
        catch (JsonException e)
        {
            await TellAsync(context, StatusCodes.Status400BadRequest, $"That is no such call: {e.Message}");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
    }

    private static async Task ShowAsync(HttpContext context)
    {
        if (!await IsOfThisBuildAsync(context))
            return;
        var (tag, json) = context.RequestServices.GetRequiredService<PortPictures>().Now();
        context.Response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    private static async Task<bool> IsOfThisBuildAsync(HttpContext context)
    {
        var build = context.Request.Headers[PortCalls.Build];
        if (build == ControllerVersion.Build)
            return true;
        var named = build.Count == 1 ? build.ToString() : "of an unknown release";
        await TellAsync(context, StatusCodes.Status409Conflict,
            $"This console is {(named.Length > 100 ? named[..100] : named)}, and the controller is {ControllerVersion.Build}: they must be of one release. Start the older one anew from the newer's program.");
        return false;
    }

    // As the audit is to have it: one line, and not endless.
    private static void Check(Doer by)
    {
        if (by.Name.Length is 0 or > LongestName || by.From.Length > LongestAddress || by.Name.Any(char.IsControl) || by.From.Any(char.IsControl))
            throw new ConsoleRefusalException("Nobody is named who wants it, or in a way that the audit cannot have.");
    }

    private static Task TellAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(why, context.RequestAborted);
    }
}
